/** Enums that more than one noun uses. */
import { builder } from "./builder.ts";

export const FriendshipStatus = builder.enumType("FriendshipStatus", {
  description: "What stands between two users.",
  values: {
    NONE: { description: "Nothing." },
    REQUESTED: { description: "The viewer has asked." },
    RECEIVED: { description: "The other has asked." },
    FRIENDS: { description: "They are friends." },
  } as const,
});

export const FriendPolicy = builder.enumType("FriendPolicy", {
  description: "What becomes of friend requests to a user.",
  values: {
    ANYONE: { description: "Friends at once." },
    ASK: { description: "A request to accept or decline. The default." },
    NOBODY: { description: "Refused." },
  } as const,
});

export const PlatformEnum = builder.enumType("Platform", {
  description: "The class of a device. Each has its own limit of sessions at the same time.",
  values: {
    WEB: { description: "A browser. 10 by default." },
    IOS: { description: "An iPhone or iPad. 1 by default." },
    ANDROID: { description: "An Android device. 1 by default." },
    DESKTOP: { description: "A desktop application. 1 by default." },
    OTHER: { description: "Anything else. 1 by default." },
  } as const,
});
