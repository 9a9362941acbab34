import type { Message, Profile } from "../../client/index.ts";

/** What a message's view needs to know of its conversation, and can do in it. */
export interface PeerContext {
  readonly id: string;
  readonly name: string;
  readonly profile: Profile;
  readonly reply: (message: Message) => void;
  readonly edit: (message: Message) => void;
  /** The message of this id, where it is loaded. */
  readonly find: (id: string) => Message | null;
}
