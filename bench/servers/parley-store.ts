/** The same relay over Parley's own store, as it is built: what the store costs, without GraphQL and rules. */
import { join } from "node:path";
import type { MessageDraft } from "../../src/engine/draft.ts";
import { built } from "../built.ts";
import type { Carried, Keeper } from "./keep.ts";
import { serveRelay } from "./relay.ts";

const { openSqlite } = await built<typeof import("../../src/store/sqlite/sqlite.ts")>("store/sqlite/sqlite.js");
const { createStore } = await built<typeof import("../../src/store/store.ts")>("store/store.js");

const store = createStore(openSqlite(join(process.argv[2] ?? ".", "parley.sqlite"), { committed() {}, failed() {} }));

function draftOf({ from, to, text, key }: Carried): MessageDraft {
  return {
    senderId: from,
    recipientId: to,
    senderProfile: { nickname: null, avatarUrl: null },
    content: { type: "TEXT", text },
    customData: null,
    push: null,
    clientMessageId: key,
    fingerprint: "Yp8ZLrs5rL7rRTG0XfHqLEH9Ke3zbdhqEHE9q1dN2aM=",
    keyFreeUpTo: null,
    replyTo: null,
    sentAt: Date.now(),
    offlineUntil: null,
    hidden: false,
    syncToSender: true,
    origin: "phone",
    audit: null,
    pushes: null,
    uploads: null,
  };
}

async function keep(message: Carried): Promise<number> {
  await store.sendFacts(message.from, message.to, message.key);
  const appended = await store.append(draftOf(message));
  return appended?.message.seq ?? 0;
}

const keeper: Keeper = {
  keep: (message, done) => void keep(message).then(done),
  kept(user) {
    void store.ensureUser(user, Date.now());
  },
};
serveRelay(keeper);
