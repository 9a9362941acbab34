/** One use of each root field, about alice, and all that can happen to what is hers. */
import type { Ids, World } from "./world.ts";

export type Example = (ids: Ids) => string;

/** One use of each query, about alice. `found` gives the rule of what it finds. */
export const QUERIES: Readonly<Record<string, Example>> = {
  viewer: () => "{ viewer { ...User2 } }",
  user: () => '{ user(id: "alice") { ...User1 } }',
  node: ({ said }) => `{ node(id: "${said}") { ...Node2 } }`,
  message: ({ said }) => `{ message(id: "${said}") { ...Message3 } }`,
  conversation: () => '{ conversation(peer: "bob") { ...Conversation3 } }',
  conversations: () => "{ conversations(first: 5) { ...ConversationConnection3 } }",
  history: () => '{ history(peer: "bob") { ...MessageConnection3 } }',
  searchMessages: () => '{ searchMessages(peer: "bob") { ...MessageConnection3 } }',
  friends: () => "{ friends { ...UserConnection2 } }",
  friendRequests: () => "{ friendRequests { ...UserConnection2 } }",
  blockedUsers: () => "{ blockedUsers { ...UserConnection2 } }",
  settings: () => "{ settings { ...Settings0 } }",
  devices: () => "{ devices { ...Device1 } }",
  auditTrail: () => "{ auditTrail { ...AuditEntryConnection3 } }",
  serverStats: () => "{ __typename serverStats { ...ServerStats2 } }",
  backups: () => "{ backups { ...Backup1 } }",
  messageArchives: () => "{ messageArchives { ...MessageArchives1 } }",
  exportUser: () => "{ exportUser { ...RecordLink0 } }",
  exportConversation: () => '{ exportConversation(user: "alice", peer: "bob") { ...RecordLink0 } }',
  pushPreferences: () => "{ pushPreferences { ...PushPreferences1 } }",
  erasures: () => "{ erasures { ...Erasure1 } }",
  broadcasts: () => "{ broadcasts { ...Broadcast1 } }",
  broadcast: () => '{ broadcast(id: "b:1") { ...Broadcast1 } }',
  hooks: () => "{ __typename hooks { ...Hook0 } }",
  hookDeliveries: () => "{ hookDeliveries(dead: false) { ...HookDelivery1 } }",
  pushVendors: () => "{ __typename pushVendors }",
  pushReport: () => '{ pushReport(user: "alice") { ...PushRecord0 } }',
  upload: ({ picture }) => `{ upload(id: "${picture}") { ...Upload0 } }`,
};

/** Mutations whose work goes on in the background, and is at another place whenever it is looked at. */
export const LASTING: readonly string[] = ["broadcast", "eraseUser"];

const FRIENDSHIP = "{ ...FriendshipResult2 }";

/** One use of each mutation, by everybody alike; where it names something, that is alice's. */
export const MUTATIONS: Readonly<Record<string, (ids: Ids, world: World) => string>> = {
  sendMessage: () => 'sendMessage(input: { to: "bob", content: { text: { text: "x" } } }) { ...SendMessageResult2 }',
  recallMessage: ({ said }) => `recallMessage(input: { id: "${said}" }) { ...RecallMessageResult2 }`,
  editMessage: ({ said }) =>
    `editMessage(input: { id: "${said}", content: { text: { text: "x" } } }) { ...EditMessageResult2 }`,
  deleteMessages: ({ said, note }) =>
    `deleteMessages(input: { ids: ["${said}", "${note}"] }) { ...DeleteMessagesPayload2 }`,
  markRead: () => 'markRead(input: { peer: "bob" }) { ...MarkReadPayload2 }',
  pinConversation: () => 'pinConversation(input: { peer: "bob", pinned: false }) { ...PinConversationPayload2 }',
  muteConversation: () => 'muteConversation(input: { peer: "bob", muted: false }) { ...MuteConversationPayload2 }',
  clearConversation: () => 'clearConversation(input: { peer: "bob" }) { ...ClearConversationPayload2 }',
  updateProfile: () => 'updateProfile(input: { nickname: "x" }) { ...UpdateProfilePayload2 }',
  importUsers: () => 'importUsers(input: { users: [{ id: "alice", nickname: "x" }] }) { ...ImportUsersPayload2 }',
  importMessages: (_, { app }) => {
    const old = (text: string, key: string) =>
      `{ from: "alice", to: "bob", content: { text: { text: "${text}" } }, clientMessageId: "${key}", sentAt: "${new Date(app.clock.now() - 1_000).toISOString()}" }`;
    return `importMessages(input: { messages: [${old("x", "x")}, ${old("", "y")}] }) { ...ImportMessagesPayload3 }`;
  },
  importRelations: () =>
    'importRelations(input: { relations: [{ kind: FRIENDS, user: "alice", other: "dave" }, { kind: BLOCKED, user: "alice", other: "nobody" }] }) { ...ImportRelationsPayload2 }',
  muteUser: () => 'muteUser(input: { user: "alice", seconds: 60 }) { ...MuteUserPayload2 }',
  updateSettings: () => "updateSettings(input: { friendsOnly: true }) { ...UpdateSettingsPayload2 }",
  backUp: () => 'backUp(input: { name: "own.sqlite" }) { ...BackUpPayload1 }',
  revokeTokens: () => 'revokeTokens(input: { user: "alice", deviceId: "canary-device" }) { ...RevokeTokensPayload2 }',
  setFriends: () => 'setFriends(input: { user: "alice", friend: "dave" }) { ...SetFriendsPayload2 }',
  login: () => 'login(input: { deviceId: "canary-device", platform: DESKTOP }) { ...LoginPayload2 }',
  renewSession: (_, { people }) => `renewSession(input: { token: "${people.owner.token}" }) { ...LoginPayload2 }`,
  logout: () => "logout { ...LogoutPayload2 }",
  addFriend: () => `addFriend(input: { user: "dave" }) ${FRIENDSHIP}`,
  acceptFriend: () => `acceptFriend(input: { user: "canary-asker" }) ${FRIENDSHIP}`,
  declineFriend: () => `declineFriend(input: { user: "canary-asker" }) ${FRIENDSHIP}`,
  removeFriend: () => `removeFriend(input: { user: "canary-friend" }) ${FRIENDSHIP}`,
  blockUser: () => 'blockUser(input: { user: "dave" }) { ...BlockPayload2 }',
  unblockUser: () => 'unblockUser(input: { user: "canary-foe" }) { ...BlockPayload2 }',
  acknowledge: ({ cursor }) => `acknowledge(input: { cursor: "${cursor}" }) { ...AcknowledgePayload2 }`,
  createUpload: () =>
    `createUpload(input: { kind: IMAGE, name: "x", size: 10 }) { ...CreateUploadResult2 }
    tooLarge: createUpload(input: { kind: IMAGE, name: "x", size: 100000000 }) { ...CreateUploadResult2 }`,
  deleteUpload: ({ picture }) => `deleteUpload(input: { id: "${picture}" }) { ...DeleteUploadPayload1 }`,
  registerPushToken: () => 'registerPushToken(input: { vendor: FCM, token: "x" }) { ...RegisterPushTokenPayload1 }',
  removePushTokens: () => "removePushTokens(input: {}) { ...RemovePushTokensPayload0 }",
  updatePushPreferences: () =>
    "updatePushPreferences(input: { preview: NONE, muteSeconds: 60 }) { ...UpdatePushPreferencesPayload2 }",
  testPush: () => 'testPush(input: { user: "alice" }) { ...TestPushPayload1 }',
  eraseUser: () => 'eraseUser(input: { user: "alice" }) { ...EraseUserPayload2 }',
  sendMessages: () =>
    'sendMessages(input: { to: ["bob"], content: { text: { text: "x" } } }) { ...SendMessagesPayload3 }',
  broadcast: () => 'broadcast(input: { to: ["bob"], content: { text: { text: "x" } } }) { ...BroadcastPayload2 }',
  cancelBroadcast: () => 'cancelBroadcast(input: { id: "b:1" }) { ...CancelBroadcastPayload2 }',
  endSession: () => 'endSession(input: { deviceId: "canary-device" }) { ...EndSessionPayload0 }',
  retryHooks: () => "retryHooks(input: {}) { ...RetryHooksPayload0 }",
  retryPushes: () => "retryPushes(input: {}) { ...RetryPushesPayload0 }",
  setTyping: () => 'setTyping(input: { peer: "bob" }) { ...SetTypingPayload2 }',
};

/** One use of each subscription. */
export const SUBSCRIPTIONS: Readonly<Record<string, string>> = {
  newMessage: "newMessage { ...NewMessageEvent2 }",
  refresh: "refresh { ...RefreshEvent2 }",
  messageUpdated: "messageUpdated { ...MessageUpdatedEvent2 }",
  conversationUpdated: "conversationUpdated { ...ConversationUpdatedEvent2 }",
  typing: "typing { ...TypingEvent2 }",
};

/** All that happens to alice's while somebody listens. */
export async function stir({ people, ids }: World): Promise<void> {
  const { owner, peer, admin, blocked } = people;
  const phone = await owner.login("canary-device", "DESKTOP");
  await owner.edit(ids.said, "canary-after");
  await phone.deleteMessages((await phone.send("bob", "canary-gone")).id);
  await phone.arrange("pin", "bob");
  await phone.markRead("bob");
  await peer.setTyping("alice");
  await blocked.setTyping("alice");
  await peer.markRead("alice");
  await admin.recall(ids.edited);
  await owner.recall(ids.reply);
}
