/** Devices and sessions: login, renewal, logout. */
import type { LoginResult, RevokeResult } from "../engine/devices.ts";
import type { Device } from "../engine/model.ts";
import { builder } from "./builder.ts";
import { viewerOf } from "./context.ts";
import { PlatformEnum } from "./enums.ts";
import { UserType } from "./user.ts";

export const DeviceType = builder.objectRef<Device>("Device").implement({
  access: "selfOrAdmin",
  description: "A client of a user's that has logged in, or has acknowledged something.",
  fields: (t) => ({
    deviceId: t.exposeString("deviceId", { description: "Chosen by the client." }),
    platform: t.expose("platform", { type: PlatformEnum, description: "Its class." }),
    signedIn: t.boolean({
      description: "Whether its session lives.",
      resolve: (device, _, { engine }) => engine.devices.isSignedIn(device),
    }),
    signedInAt: t.field({ type: "DateTime", description: "Its last login.", resolve: ({ signedInAt }) => signedInAt }),
    expiresAt: t.field({
      type: "DateTime",
      description: "When its session runs out, unless it is renewed.",
      resolve: ({ expiresAt }) => expiresAt,
    }),
  }),
});

builder.queryField("devices", (t) =>
  t.field({
    access: "self",
    type: [DeviceType],
    nullable: true,
    description: "The viewer's devices, the last login first.",
    args: { of: t.arg.id({ access: "admin", description: "Admins only: this user's devices." }) },
    resolve: async (_root, { of }, context) => [...(await context.engine.devices.list(viewerOf(context), of))],
  }),
);

const LoginPayload = builder.objectRef<LoginResult>("LoginPayload").implement({
  access: "given",
  description: "A session.",
  fields: (t) => ({
    viewer: t.field({ type: UserType, description: "Whose.", resolve: ({ viewer }) => ({ id: viewer.userId }) }),
    deviceId: t.exposeString("deviceId", { description: "On which device." }),
    accessToken: t.exposeString("accessToken", {
      description:
        "Use it from now on: it carries the user, the device and the role, and never outlives the token that it was made from.",
    }),
    expiresAt: t.field({ type: "DateTime", description: "When it runs out.", resolve: ({ expiresAt }) => expiresAt }),
  }),
});
const LogoutPayload = builder.objectRef<{ deviceId: string }>("LogoutPayload").implement({
  access: "given",
  description: "A session that is over.",
  fields: (t) => ({ deviceId: t.exposeString("deviceId", { description: "On which device it was." }) }),
});
const LoginInput = builder.inputType("LoginInput", {
  description: "The device that logs in.",
  fields: (t) => ({
    deviceId: t.string({ required: true, description: "1 to 64 characters, chosen by the client and kept by it." }),
    platform: t.field({ type: PlatformEnum, required: true, description: "Its class." }),
  }),
});
const RenewSessionInput = builder.inputType("RenewSessionInput", {
  description: "What prolongs a session.",
  fields: (t) => ({ token: t.string({ required: true, description: "A fresh JWT of the app for the same user." }) }),
});

const EndSessionPayload = builder.objectRef<{ deviceId: string; ended: boolean }>("EndSessionPayload").implement({
  access: "given",
  description: "A session that is over.",
  fields: (t) => ({
    deviceId: t.exposeString("deviceId", { description: "On which device it was." }),
    ended: t.exposeBoolean("ended", { description: "False: the device was not signed in." }),
  }),
});
const EndSessionInput = builder.inputType("EndSessionInput", {
  description: "A device to sign out.",
  fields: (t) => ({
    deviceId: t.string({ required: true, description: "Which." }),
    of: t.id({ access: "admin", description: "Admins only: whose device it is." }),
  }),
});

const RevokeTokensPayload = builder.objectRef<RevokeResult>("RevokeTokensPayload").implement({
  access: "given",
  description: "What is over, and what is good from now on.",
  fields: (t) => ({
    validFrom: t.field({
      type: "DateTime",
      description: "Tokens whose `iat` is this second or later are good: the next whole second.",
      resolve: ({ validFrom }) => validFrom,
    }),
    endedDevices: t.stringList({
      description: "Devices whose session was ended.",
      resolve: ({ endedDevices }) => [...endedDevices],
    }),
  }),
});
const RevokeTokensInput = builder.inputType("RevokeTokensInput", {
  description: "Whose tokens are to be useless.",
  fields: (t) => ({
    user: t.id({ required: true, description: "Id of the user." }),
    deviceId: t.string({
      description: "Only the session of this device is ended; the app's tokens are revoked all the same.",
    }),
  }),
});

builder.mutationFields((t) => ({
  login: t.field({
    access: "self",
    type: LoginPayload,
    nullable: true,
    description:
      "Opens a session for a device. One too many of a platform ends the oldest of that platform, which is closed with 4401.",
    args: { input: t.arg({ type: LoginInput, required: true, description: "Which device." }) },
    resolve: (_, { input }, context) => context.engine.devices.login(viewerOf(context), input.deviceId, input.platform),
  }),
  renewSession: t.field({
    access: "self",
    type: LoginPayload,
    nullable: true,
    description: "Prolongs the session, on its living sockets too.",
    args: { input: t.arg({ type: RenewSessionInput, required: true, description: "The fresh token." }) },
    resolve: (_, { input }, context) =>
      context.engine.devices.renew(viewerOf(context), context.connection, input.token),
  }),
  logout: t.field({
    access: "self",
    type: LogoutPayload,
    nullable: true,
    description:
      "Ends the session of the token; its access token is refused from then on and its sockets are closed with 4401.",
    async resolve(_root, _args, context) {
      return { deviceId: await context.engine.devices.logout(viewerOf(context), context.connection) };
    },
  }),
  endSession: t.field({
    access: "self",
    type: EndSessionPayload,
    nullable: true,
    description:
      "Signs out a device of the viewer's, such as a phone that was lost: its sockets are closed with 4401 and its access token is refused. What the app has signed stays good; `revokeTokens` ends that too.",
    args: { input: t.arg({ type: EndSessionInput, required: true, description: "Which." }) },
    resolve: async (_, { input: { deviceId, of } }, context) => ({
      deviceId,
      ended: await context.engine.devices.endSessionOf(viewerOf(context), context.connection, deviceId, of),
    }),
  }),
  revokeTokens: t.field({
    access: "admin",
    type: RevokeTokensPayload,
    nullable: true,
    description:
      "Admins: makes every token useless that the app has signed for a user until now, and ends the sessions of all its devices, or of one. What was opened with them is closed with 4401 at once. A user whose tokens were revoked needs tokens with `iat` from then on.",
    args: { input: t.arg({ type: RevokeTokensInput, required: true, description: "Whose." }) },
    resolve: (_, { input: { user, deviceId } }, context) =>
      context.engine.devices.revoke(viewerOf(context), context.connection, user, deviceId),
  }),
}));
