/** The engine's store over a database: each method names its operation and says whether it writes. */
import type { Store } from "../engine/store.ts";
import { acknowledge } from "./operations/acknowledge.ts";
import { append } from "./operations/append.ts";
import { auditTrail, recordAudit } from "./operations/audit.ts";
import { logMessages, missed, openBacklog } from "./operations/backlog.ts";
import {
  audienceBehind,
  endBroadcast,
  readBroadcast,
  readBroadcasts,
  runningBroadcasts,
  saveProgress,
  startBroadcast,
} from "./operations/broadcasts.ts";
import {
  entriesBehind,
  isPresent,
  notePresences,
  readHeads,
  readStandings,
  reportServer,
  signOff,
  takeLease,
} from "./operations/cluster.ts";
import {
  arrange,
  conversationBetween,
  markRead,
  member,
  memberByConversation,
  recentContacts,
} from "./operations/conversations.ts";
import { endSession, openSession, readDevice, readDevices, renewSession, revokeTokens } from "./operations/devices.ts";
import {
  beginErasure,
  comeBack,
  eraseMore,
  readErasure,
  readErasures,
  runningErasures,
} from "./operations/erasures.ts";
import { closeReader, hasEventsBehind, moveReader, openReader, readEvents } from "./operations/events.ts";
import {
  conversationSpan,
  conversationSpans,
  exportedMessage,
  keptMessages,
  seenMessages,
} from "./operations/exports.ts";
import {
  claimDeliveries,
  countDeliveries,
  nextDeliveryAt,
  queueDeliveries,
  readDeliveries,
  releaseDeliveries,
  reviveDeliveries,
  settleDelivery,
} from "./operations/hook-deliveries.ts";
import { importMessages } from "./operations/imports.ts";
import { hasExpired, log, logState } from "./operations/log.ts";
import { deleteForUser, edit, isPutAway, readMessage, recall } from "./operations/messages.ts";
import { ensureUser, muteUser, readUsers, saveProfiles } from "./operations/people.ts";
import { changePushPreferences, readPushPreferences } from "./operations/push-preferences.ts";
import { pushRecords } from "./operations/push-records.ts";
import { deletePushTokens, dropInvalidToken, pushTokensOf, savePushToken } from "./operations/push-tokens.ts";
import {
  claimPushes,
  countPushes,
  nextPushAt,
  pushFacts,
  releasePushes,
  revivePushes,
  settlePush,
} from "./operations/pushes.ts";
import { importRelations } from "./operations/relation-imports.ts";
import {
  befriend,
  block,
  declineFriend,
  people,
  relation,
  requestFriend,
  unblock,
  unfriend,
} from "./operations/relations.ts";
import { sweep } from "./operations/retention.ts";
import { sendFacts } from "./operations/send-facts.ts";
import { loadSettings, saveSettings } from "./operations/settings.ts";
import { countSlice, oldestMessageAt } from "./operations/stats.ts";
import { rememberedInstant, rememberInstant } from "./operations/timekeeper.ts";
import { lastMessage, messagesFrom, timeline, unreadCount, visibleMessages } from "./operations/timeline.ts";
import {
  beginProcessing,
  createUpload,
  dropUpload,
  endProcessing,
  expiredUploads,
  forgetUploads,
  readUploads,
  unfinishedUploads,
  uploadsOf,
} from "./operations/uploads.ts";
import { type Database, type Operation, UniqueViolation } from "./statement.ts";

export function createStore(database: Database): Store {
  const reading =
    <A extends unknown[], T>(operation: (...parameters: A) => Operation<T>) =>
    (...parameters: A) =>
      database.read(() => operation(...parameters));
  const writing =
    <A extends unknown[], T>(operation: (...parameters: A) => Operation<T>) =>
    (...parameters: A) =>
      database.write(() => operation(...parameters));

  return {
    generation: database.generation,
    shared: database.server !== null,

    users: reading(readUsers),
    ensureUser: writing(ensureUser),
    saveProfiles: writing(saveProfiles),
    muteUser: writing(muteUser),

    relation: reading(relation),
    requestFriend: writing(requestFriend),
    befriend: writing(befriend),
    declineFriend: writing(declineFriend),
    unfriend: writing(unfriend),
    block: writing(block),
    unblock: writing(unblock),
    people: reading(people),

    sendFacts: reading(sendFacts),
    async append(draft) {
      try {
        return await database.write(() => append(draft), draft.clientMessageId !== null);
      } catch (error) {
        if (error instanceof UniqueViolation && draft.clientMessageId !== null) return null;
        throw error;
      }
    },
    message: reading(readMessage),

    importMessages: writing(importMessages),
    importRelations: writing(importRelations),
    conversationSpans: reading(conversationSpans),
    conversationSpan: reading(conversationSpan),
    keptMessages: reading(keptMessages),
    seenMessages: reading(seenMessages),
    exportedMessage: reading(exportedMessage),
    uploadsOf: reading(uploadsOf),
    messagesFrom: reading(messagesFrom),
    visible: reading(visibleMessages),

    uploads: reading(readUploads),
    createUpload: writing(createUpload),
    beginProcessing: writing(beginProcessing),
    endProcessing: writing(endProcessing),
    dropUpload: writing(dropUpload),
    unfinishedUploads: reading(unfinishedUploads),
    expiredUploads: writing(expiredUploads),
    forgetUploads: writing(forgetUploads),

    isPutAway: reading(isPutAway),
    recall: writing(recall),
    edit: writing(edit),
    deleteForUser: writing(deleteForUser),

    member: reading(member),
    memberByConversation: reading(memberByConversation),
    conversationBetween: reading(conversationBetween),
    recentContacts: reading(recentContacts),
    timeline: reading(timeline),
    lastMessage: reading(lastMessage),
    unreadCount: reading(unreadCount),
    markRead: writing(markRead),
    arrange: writing(arrange),

    logState: reading(logState),
    log: reading(log),
    logMessages: reading(logMessages),
    openBacklog: reading(openBacklog),
    missed: reading(missed),
    hasExpired: reading(hasExpired),
    acknowledge: writing(acknowledge),

    openSession: writing(openSession),
    renewSession: writing(renewSession),
    endSession: writing(endSession),
    revokeTokens: writing(revokeTokens),
    device: reading(readDevice),
    devices: reading(readDevices),

    savePushToken: writing(savePushToken),
    deletePushTokens: writing(deletePushTokens),
    pushTokens: reading(pushTokensOf),
    dropInvalidToken: writing(dropInvalidToken),
    claimPushes: writing(claimPushes),
    releasePushes: writing(releasePushes),
    pushFacts: reading(pushFacts),
    settlePush: writing(settlePush),
    nextPushAt: reading(nextPushAt),
    revivePushes: writing(revivePushes),
    pushRecords: reading(pushRecords),
    countPushes: reading(countPushes),
    pushPreferences: reading(readPushPreferences),
    changePushPreferences: writing(changePushPreferences),

    events: reading(readEvents),
    hasEventsBehind: reading(hasEventsBehind),
    openReader: writing(openReader),
    moveReader: writing(moveReader),
    closeReader: writing(closeReader),

    beginErasure: writing(beginErasure),
    eraseMore: writing(eraseMore),
    runningErasures: reading(runningErasures),
    erasure: reading(readErasure),
    erasures: reading(readErasures),
    comeBack: writing(comeBack),

    standings: reading(readStandings),
    heads: reading(readHeads),
    entriesBehind: reading(entriesBehind),
    reportServer: writing(reportServer),
    notePresences: writing(notePresences),
    isPresent: reading(isPresent),
    signOff: writing(signOff),
    takeLease: writing(takeLease),

    startBroadcast: writing(startBroadcast),
    broadcast: reading(readBroadcast),
    broadcasts: reading(readBroadcasts),
    runningBroadcasts: reading(runningBroadcasts),
    saveProgress: writing(saveProgress),
    endBroadcast: writing(endBroadcast),
    audienceBehind: reading(audienceBehind),

    queueDeliveries: writing(queueDeliveries),
    claimDeliveries: writing(claimDeliveries),
    settleDelivery: writing(settleDelivery),
    nextDeliveryAt: reading(nextDeliveryAt),
    releaseDeliveries: writing(releaseDeliveries),
    deliveries: reading(readDeliveries),
    reviveDeliveries: writing(reviveDeliveries),
    countDeliveries: reading(countDeliveries),

    countSlice: reading(countSlice),
    oldestMessageAt: reading(oldestMessageAt),

    loadSettings: reading(loadSettings),
    saveSettings: writing(saveSettings),
    recordAudit: writing(recordAudit),
    auditTrail: reading(auditTrail),
    rememberedInstant: reading(rememberedInstant),
    rememberInstant: writing(rememberInstant),
    sweep: writing(sweep),
    tidy: () => database.tidy(),
    backUp: (name) => database.backUp(name),
    close: () => database.close(),
  };
}
