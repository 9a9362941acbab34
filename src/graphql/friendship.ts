/** Friends, friend requests and the blacklist. */
import { encodePersonCursor, type PeopleList, type PersonPlace } from "../engine/cursors.ts";
import type { User } from "../engine/model.ts";
import type { PageArguments } from "../engine/pages.ts";
import type { FriendshipResult as FriendshipOutcome } from "../engine/relationships.ts";
import { builder } from "./builder.ts";
import { pageArguments, toConnection } from "./connection.ts";
import { type Context, viewerOf } from "./context.ts";
import { FriendshipStatus } from "./enums.ts";
import { errorType, orRefusal, Refused } from "./errors.ts";
import { UserConnection, UserType } from "./user.ts";

async function peoplePage(
  context: Context,
  list: PeopleList,
  args: PageArguments & { of?: string | null | undefined },
) {
  const page = await context.engine.relationships.list(viewerOf(context), list, args, args.of);
  const cursorOf = (place: PersonPlace) => encodePersonCursor(page.userId, list, place);
  return toConnection(page, cursorOf, ({ userId }) => ({ id: userId }));
}

const OF = "Admins only: the same question, asked as this user.";

builder.queryFields((t) => ({
  friends: t.field({
    access: "self",
    type: UserConnection,
    nullable: true,
    description: "The viewer's friends, the newest friendship first.",
    args: { ...pageArguments("the first 50"), of: t.arg.id({ access: "admin", description: OF }) },
    resolve: (_, args, context) => peoplePage(context, "friends", args),
  }),
  friendRequests: t.field({
    access: "self",
    type: UserConnection,
    nullable: true,
    description: "Who asks for the viewer's friendship, the newest request first.",
    args: { ...pageArguments("the first 50"), of: t.arg.id({ access: "admin", description: OF }) },
    resolve: (_, args, context) => peoplePage(context, "friendRequests", args),
  }),
  blockedUsers: t.field({
    access: "self",
    type: UserConnection,
    nullable: true,
    description: "The viewer's blacklist, the newest entry first.",
    args: { ...pageArguments("the first 50"), of: t.arg.id({ access: "admin", description: OF }) },
    resolve: (_, args, context) => peoplePage(context, "blockedUsers", args),
  }),
}));

const FriendshipSuccess = builder.objectRef<FriendshipOutcome>("FriendshipSuccess").implement({
  access: "given",
  description: "How things stand now.",
  fields: (t) => ({
    user: t.field({ type: UserType, description: "The other.", resolve: ({ user }) => user }),
    status: t.field({
      type: FriendshipStatus,
      description: "From the viewer's side.",
      resolve: ({ status }) => status,
    }),
  }),
});
const FriendshipError = errorType("FriendshipError", "a friendship is as it was");
const FriendshipResult = builder.unionType("FriendshipResult", {
  description: "What became of a friendship.",
  types: [FriendshipSuccess, FriendshipError],
  resolveType: (value) => (value instanceof Refused ? "FriendshipError" : "FriendshipSuccess"),
});

const AddFriendInput = builder.inputType("AddFriendInput", {
  description: "Whom to ask for friendship.",
  fields: (t) => ({
    user: t.id({ required: true, description: "Id of the other." }),
    greeting: t.string({ description: "What the request says, at most 500 bytes." }),
  }),
});
const FriendInput = builder.inputType("FriendInput", {
  description: "Which friendship or request.",
  fields: (t) => ({ user: t.id({ required: true, description: "Id of the other." }) }),
});
const BlockInput = builder.inputType("BlockInput", {
  description: "A place on a blacklist.",
  fields: (t) => ({
    user: t.id({ required: true, description: "Who is on it." }),
    of: t.id({ access: "admin", description: "Admins only: whose blacklist." }),
  }),
});
const BlockPayload = builder.objectRef<{ user: User; blocked: boolean }>("BlockPayload").implement({
  access: "given",
  description: "The blacklist after the change.",
  fields: (t) => ({
    user: t.field({ type: UserType, description: "Who was blocked or unblocked.", resolve: ({ user }) => user }),
    blocked: t.exposeBoolean("blocked", { description: "Whether the user is on it now." }),
  }),
});
const SetFriendsInput = builder.inputType("SetFriendsInput", {
  description: "Two users to make friends.",
  fields: (t) => ({
    user: t.id({ required: true, description: "One." }),
    friend: t.id({ required: true, description: "The other." }),
  }),
});
const SetFriendsPayload = builder.objectRef<{ status: FriendshipOutcome["status"] }>("SetFriendsPayload").implement({
  access: "given",
  description: "How things stand now.",
  fields: (t) => ({ status: t.expose("status", { type: FriendshipStatus, description: "FRIENDS." }) }),
});

builder.mutationFields((t) => ({
  addFriend: t.field({
    access: "self",
    type: FriendshipResult,
    nullable: true,
    description: "Asks for friendship: a request, or a friendship at once, as the other's friendPolicy decides.",
    args: { input: t.arg({ type: AddFriendInput, required: true, description: "Whom, and with what words." }) },
    resolve: (_, { input }, context) =>
      orRefusal(context, context.engine.relationships.add(viewerOf(context), input.user, input.greeting)),
  }),
  acceptFriend: t.field({
    access: "self",
    type: FriendshipResult,
    nullable: true,
    description: "Accepts a request; both are friends from then on.",
    args: { input: t.arg({ type: FriendInput, required: true, description: "Whose." }) },
    resolve: (_, { input }, context) =>
      orRefusal(context, context.engine.relationships.accept(viewerOf(context), input.user)),
  }),
  declineFriend: t.field({
    access: "self",
    type: FriendshipResult,
    nullable: true,
    description: "Declines a request. The asker is not told.",
    args: { input: t.arg({ type: FriendInput, required: true, description: "Whose." }) },
    resolve: (_, { input }, context) =>
      orRefusal(context, context.engine.relationships.decline(viewerOf(context), input.user)),
  }),
  removeFriend: t.field({
    access: "self",
    type: FriendshipResult,
    nullable: true,
    description: "Ends a friendship, or withdraws the viewer's own request.",
    args: { input: t.arg({ type: FriendInput, required: true, description: "With whom." }) },
    resolve: (_, { input }, context) =>
      orRefusal(context, context.engine.relationships.remove(viewerOf(context), input.user)),
  }),
  blockUser: t.field({
    access: "self",
    type: BlockPayload,
    nullable: true,
    description: "Puts a user on the blacklist: it can no longer write to the viewer. Ends a friendship too.",
    args: { input: t.arg({ type: BlockInput, required: true, description: "Whom." }) },
    resolve: (_, { input }, context) =>
      context.engine.relationships.setBlocked(viewerOf(context), input.user, input.of, true),
  }),
  unblockUser: t.field({
    access: "self",
    type: BlockPayload,
    nullable: true,
    description: "Takes a user off the blacklist. What it wrote meanwhile stays unseen.",
    args: { input: t.arg({ type: BlockInput, required: true, description: "Whom." }) },
    resolve: (_, { input }, context) =>
      context.engine.relationships.setBlocked(viewerOf(context), input.user, input.of, false),
  }),
  setFriends: t.field({
    access: "admin",
    type: SetFriendsPayload,
    nullable: true,
    description: "Admins: makes two users friends at once.",
    args: { input: t.arg({ type: SetFriendsInput, required: true, description: "Which two." }) },
    async resolve(_, { input }, context) {
      return { status: await context.engine.relationships.setFriends(viewerOf(context), input.user, input.friend) };
    },
  }),
}));
