/** Users: the type, profiles, and what admins do with them. */
import { builder } from "./builder.ts";
import { connectionType } from "./connection.ts";
import { loadUser, viewerOf } from "./context.ts";
import { FriendPolicy, FriendshipStatus } from "./enums.ts";
import { NodeInterface, type UserRef } from "./node.ts";

export const UserType = builder.objectRef<UserRef>("User").implement({
  access: "everybody",
  description: "Somebody who can write and be written to; or `system`, which only sends notices.",
  interfaces: [NodeInterface],
  fields: (t) => ({
    id: t.exposeID("id", { description: "The app's own id: 1 to 128 bytes of `A-Z a-z 0-9 _ - . @ + |`." }),
    nickname: t.string({
      nullable: true,
      description: "Name to show, at most 500 bytes; null when none was set. Everybody may see it.",
      resolve: async ({ id }, _, context) => (await loadUser(context, id))?.nickname ?? null,
    }),
    avatarUrl: t.string({
      nullable: true,
      description: "Picture to show, an http or https URL; null when none was set. Everybody may see it.",
      resolve: async ({ id }, _, context) => (await loadUser(context, id))?.avatarUrl ?? null,
    }),
    online: t.boolean({
      access: "notBlocked",
      nullable: true,
      description: "Whether at least one device is connected; null when this user has blocked the viewer.",
      resolve: ({ id }, _, context) => context.engine.users.online(viewerOf(context), id),
    }),
    friendship: t.field({
      type: FriendshipStatus,
      nullable: true,
      description: "What stands between the viewer and this user; null for the viewer itself and for `system`.",
      resolve: async ({ id }, _, context) =>
        (await context.engine.relationships.towards(viewerOf(context), id))?.status ?? null,
    }),
    blocked: t.boolean({
      nullable: true,
      description: "Whether the viewer has this user on the blacklist; null for the viewer itself and for `system`.",
      resolve: async ({ id }, _, context) =>
        (await context.engine.relationships.towards(viewerOf(context), id))?.blocked ?? null,
    }),
    erasedAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "When an admin erased this person: nothing but the id is left. Null when that did not happen.",
      resolve: async ({ id }, _, context) => (await loadUser(context, id))?.erasedAt ?? null,
    }),
    friendPolicy: t.field({
      access: "selfOrAdmin",
      type: FriendPolicy,
      nullable: true,
      description: "What becomes of friend requests to this user; null for anybody but the user itself and admins.",
      resolve: async ({ id }, _, context) =>
        (await context.engine.users.privateFacts(viewerOf(context), id))?.friendPolicy ?? null,
    }),
    mutedUntil: t.field({
      access: "selfOrAdmin",
      type: "DateTime",
      nullable: true,
      description:
        "Until when this user may not send; null when not muted, and for anybody but the user itself and admins.",
      resolve: async ({ id }, _, context) =>
        (await context.engine.users.privateFacts(viewerOf(context), id))?.mutedUntil ?? null,
    }),
  }),
});

export const UserConnection = connectionType("User", UserType);

builder.queryFields((t) => ({
  viewer: t.field({
    access: "self",
    type: UserType,
    description: "Who the token speaks for.",
    resolve: (_root, _args, context) => ({ id: viewerOf(context).userId }),
  }),
  user: t.field({
    access: "everybody",
    type: UserType,
    nullable: true,
    description: "A user by id; null when there is none.",
    args: { id: t.arg.id({ required: true, description: "The app's own id." }) },
    async resolve(_, { id }, context) {
      viewerOf(context);
      return loadUser(context, id);
    },
  }),
}));

const ProfilePayload = builder.objectRef<{ user: UserRef }>("UpdateProfilePayload").implement({
  access: "given",
  description: "The profile after the change.",
  fields: (t) => ({
    user: t.field({ type: UserType, description: "Whose profile it is.", resolve: ({ user }) => user }),
  }),
});
const UpdateProfileInput = builder.inputType("UpdateProfileInput", {
  description: "What is left out stays as it is; null clears it.",
  fields: (t) => ({
    nickname: t.string({ description: "At most 500 bytes." }),
    avatarUrl: t.string({ description: "An http or https URL, at most 500 bytes." }),
    friendPolicy: t.field({ type: FriendPolicy, description: "What becomes of friend requests; null for ASK." }),
    of: t.id({ access: "admin", description: "Admins only: whose profile to change." }),
  }),
});

const ImportPayload = builder.objectRef<{ users: readonly UserRef[] }>("ImportUsersPayload").implement({
  access: "given",
  description: "The users as they are now, in the order of the input.",
  fields: (t) => ({
    users: t.field({ type: [UserType], description: "One for each of the input.", resolve: ({ users }) => [...users] }),
  }),
});
const ImportUserInput = builder.inputType("ImportUserInput", {
  description: "A user to create, or to update where it exists. What is left out stays as it is; null clears it.",
  fields: (t) => ({
    id: t.id({ required: true, description: "The app's own id: 1 to 128 bytes of `A-Z a-z 0-9 _ - . @ + |`." }),
    nickname: t.string({ description: "At most 500 bytes." }),
    avatarUrl: t.string({ description: "An http or https URL, at most 500 bytes." }),
  }),
});
const ImportUsersInput = builder.inputType("ImportUsersInput", {
  description: "Users to create or update, all or none.",
  fields: (t) => ({
    users: t.field({ type: [ImportUserInput], required: true, description: "At most 100." }),
  }),
});

const MutePayload = builder.objectRef<{ user: UserRef; mutedUntil: number | null }>("MuteUserPayload").implement({
  access: "given",
  description: "The user after the change.",
  fields: (t) => ({
    user: t.field({ type: UserType, description: "Who was muted, or may send again.", resolve: ({ user }) => user }),
    mutedUntil: t.field({
      type: "DateTime",
      nullable: true,
      description: "Until when; null: not muted.",
      resolve: ({ mutedUntil }) => mutedUntil,
    }),
  }),
});
const MuteUserInput = builder.inputType("MuteUserInput", {
  description: "Whom to silence, and for how long.",
  fields: (t) => ({
    user: t.id({ required: true, description: "Id of the user." }),
    seconds: t.int({ required: true, description: "From now, at most ten years; 0 ends it." }),
  }),
});

builder.mutationFields((t) => ({
  updateProfile: t.field({
    access: "self",
    type: ProfilePayload,
    nullable: true,
    description: "Changes the viewer's profile. Messages that were sent keep the nickname and avatar of their time.",
    args: { input: t.arg({ type: UpdateProfileInput, required: true, description: "The change." }) },
    async resolve(_, { input: { of, ...profile } }, context) {
      return { user: await context.engine.users.updateProfile(viewerOf(context), profile, of) };
    },
  }),
  importUsers: t.field({
    access: "admin",
    type: ImportPayload,
    nullable: true,
    description: "Admins: creates users, or updates their profiles.",
    args: { input: t.arg({ type: ImportUsersInput, required: true, description: "The users." }) },
    async resolve(_, { input }, context) {
      return { users: await context.engine.users.importUsers(viewerOf(context), input.users) };
    },
  }),
  muteUser: t.field({
    access: "admin",
    type: MutePayload,
    nullable: true,
    description: "Admins: takes from a user for a while the right to send, edit, type and ask for friendship.",
    args: { input: t.arg({ type: MuteUserInput, required: true, description: "Whom, and for how long." }) },
    async resolve(_, { input }, context) {
      const user = await context.engine.users.mute(viewerOf(context), input.user, input.seconds);
      return { user, mutedUntil: user.mutedUntil };
    },
  }),
}));
