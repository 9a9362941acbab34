/** What Parley promises of its live loop, held against what happened in a run. */
import type { LogEntry, Message } from "../../src/engine/model.ts";
import type { LiveRun } from "./live-run.ts";
import type { DeviceName, Handed, Session } from "./live-script.ts";

const DEVICES: readonly DeviceName[] = ["phone", "laptop"];
const MOST = 100_000;

class Broken extends Error {
  override readonly name = "Broken";
}

function hold(kept: boolean, promise: string, details: unknown = ""): void {
  if (!kept) throw new Broken(`${promise}: ${JSON.stringify(details)}`);
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function isRising(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0));
}

function brief({ source, position, message, at }: Handed): string {
  return `${source} ${position} ${message.id} at ${at}`;
}

/** What can be said once the run is over: alice's log, and who may have missed what. */
interface Facts {
  readonly run: LiveRun;
  readonly log: readonly LogEntry[];
  readonly updates: readonly LogEntry[];
  readonly byPosition: ReadonlyMap<number, LogEntry>;
  readonly putAway: ReadonlySet<string>;
  readonly peerOf: ReadonlyMap<number, string>;
}

const idOf = (entry: { conversationId: number; seq: number }) => `m:${entry.conversationId}:${entry.seq}`;

async function gather(run: LiveRun): Promise<Facts> {
  const alice = run.name("alice");
  const { entries: log } = await run.store.log(alice, "messages", 0, MOST);
  const { entries: updates } = await run.store.log(alice, "updates", 0, MOST);
  const putAway = new Set<string>();
  const peerOf = new Map<number, string>();
  for (const entry of log) {
    const message = await run.store.message(entry.conversationId, entry.seq);
    if (message === null) throw new Broken("a log entry without its message");
    if (await run.store.isPutAway(alice, message)) putAway.add(message.id);
    peerOf.set(entry.conversationId, message.senderId === alice ? message.recipientId : message.senderId);
  }
  return { run, log, updates, byPosition: new Map(log.map((entry) => [entry.position, entry])), putAway, peerOf };
}

/** The highest place that the device has said, or may have said, it has kept, before an instant. */
function acknowledged(facts: Facts, device: DeviceName, stream: string, at: number, said: "begun" | "done"): number {
  const marks = facts.run.notes.acknowledged
    .filter((mark) => mark.device === device && mark.stream === stream)
    .filter((mark) => (said === "done" ? mark.doneAt : mark.beganAt) < at);
  return Math.max(0, ...marks.map(({ position }) => position));
}

/** Promise 3: one order, that of seq, for both sides. */
async function checkOrder({ run, log }: Facts): Promise<void> {
  const lastSeqs = new Map<number, number>();
  for (const { conversationId, seq } of log) {
    hold(seq > (lastSeqs.get(conversationId) ?? 0), "the log has each conversation in the order of seq", log);
    lastSeqs.set(conversationId, seq);
  }
  for (const peer of ["bob", "carol"]) {
    const { entries } = await run.store.log(run.name(peer), "messages", 0, MOST);
    hold(isRising(entries.map(({ seq }) => seq)), "the peer has the order of seq", entries);
  }
  const stored = run.notes.sends.flatMap(({ message, kept }) => (kept && message !== null ? [message] : []));
  const seqs = groupBy(stored, ({ conversationId }) => conversationId);
  for (const messages of seqs.values()) {
    const sorted = messages.map(({ seq }) => seq).sort((a, b) => a - b);
    hold(
      sorted.every((seq, index) => seq === index + 1),
      "seq counts up from 1 with no hole",
      sorted,
    );
  }
}

/**
 * Other sessions of the device that were open at the same time and whose catching up may be heard elsewhere: those that
 * may have been done with it before there was a refresh on their own connection.
 */
function overheardBy(run: LiveRun, session: Session): Session[] {
  const { device, openedAt, closedAt } = session;
  return run.notes.sessions.filter(
    (other) =>
      other !== session &&
      other.device === device &&
      other.refreshMode !== "before" &&
      other.openedAt < (closedAt ?? Number.POSITIVE_INFINITY) &&
      openedAt < (other.closedAt ?? Number.POSITIVE_INFINITY),
  );
}

/** The refresh of the session's own catching up; one may hear of others' too. */
function ownRefresh(run: LiveRun, session: Session): Session["refreshed"][number] | undefined {
  const { handed, refreshed } = session;
  if (overheardBy(run, session).length === 0) return refreshed[0];
  const offline = handed.filter(({ source }) => source === "OFFLINE");
  const recent = handed.filter(({ source }) => source === "RECENT");
  return refreshed.find(
    ({ offlineCount, recentCount, position, at }) =>
      offlineCount === offline.length &&
      recentCount === recent.length &&
      (recent[0]?.position ?? position) === position &&
      position >= (offline.at(-1)?.position ?? 0) &&
      [...offline, ...recent].every((event) => event.at < at),
  );
}

/** Promise 4: strictly increasing, no hole that is not announced, nothing acknowledged again. */
function checkStream(facts: Facts, session: Session): void {
  const { run, log, byPosition, putAway, peerOf } = facts;
  const { device, openedAt, since, handed } = session;
  const floor = Math.max(since, acknowledged(facts, device, "messages", openedAt, "done"));
  const due = log.filter((entry) => entry.origin !== device);
  const seen = new Set<number>();
  let last = floor;

  const excused = (entry: LogEntry): boolean => {
    if (putAway.has(idOf(entry))) return true;
    if (ownRefresh(run, session) === undefined) return run.script.perContact < log.length;
    const peer = peerOf.get(entry.conversationId) ?? "";
    return session.refreshed.some((one) => entry.position <= one.position && one.truncatedPeers.includes(peer));
  };
  const checkNoHole = (upTo: number, at: number): void => {
    const kept = Math.max(floor, acknowledged(facts, device, "messages", at, "begun"));
    const missing = due.find(({ position }) => position <= upTo && position > kept && !seen.has(position));
    // A mark that was moved while the backlog was opened excuses; holes behind excused places may follow.
    const holes = due.filter(
      (entry) => entry.position <= upTo && entry.position > kept && !seen.has(entry.position) && !excused(entry),
    );
    hold(missing === undefined || holes.length === 0, "no hole", { holes, handed: handed.map(brief) });
  };

  for (const event of handed) {
    const { source, position, message, at } = event;
    hold(source === "RECENT" || position >= last, "what is handed over rises", handed.map(brief));
    if (source === "RECENT" || message.seq === 0) {
      checkNoHole(position, at);
      continue;
    }
    hold(position > last, "nothing acknowledged comes again, and nothing twice", { floor, handed: handed.map(brief) });
    last = position;
    seen.add(position);
    const entry = byPosition.get(position);
    hold(entry !== undefined && idOf(entry) === message.id, "all devices see one order", { event: brief(event), log });
    hold(entry?.origin !== device, "the sending device does not get it", brief(event));
    checkNoHole(position, at);
  }
  if (session.closedAt === null) checkNoHole(log.at(-1)?.position ?? 0, run.tick());
}

/** Promise 5, and what the refresh says: OFFLINE, RECENT, one refresh, LIVE. */
function checkRefresh(facts: Facts, session: Session): void {
  const { handed, refreshed, openedAt } = session;
  const stages = handed.map(({ source }) => ["OFFLINE", "RECENT", "LIVE"].indexOf(source));
  hold(
    stages.every((stage, index) => stage >= (stages[index - 1] ?? 0)),
    "OFFLINE, then RECENT, then LIVE",
    handed.map(brief),
  );
  const of = (wanted: string) => handed.filter(({ source }) => source === wanted);
  const conversations = new Set(of("OFFLINE").map(({ message }) => message.conversationId));
  hold(
    of("RECENT").every(({ message }) => !conversations.has(message.conversationId)),
    "RECENT repeats nothing",
    handed.map(brief),
  );
  const refresh = ownRefresh(facts.run, session);
  // Of several refreshes nobody can say for sure which is whose.
  const certain = overheardBy(facts.run, session).length === 0 ? refreshed : [];
  const heads = new Set([...of("RECENT"), ...certain].map(({ position }) => position));
  hold(heads.size <= 1, "RECENT and refresh carry the head of one moment", { handed: handed.map(brief), refreshed });
  const [head] = heads;
  if (head !== undefined) {
    hold(
      of("OFFLINE").every(({ position }) => position <= head),
      "OFFLINE ends at the head",
      handed.map(brief),
    );
    const live = of("LIVE").filter(({ message }) => message.seq > 0);
    hold(
      live.every(({ position }) => position > head),
      "LIVE begins at the head",
      handed.map(brief),
    );
    const positions = new Map(facts.log.map((entry) => [idOf(entry), entry.position]));
    hold(
      of("RECENT").every(({ message }) => (positions.get(message.id) ?? 0) <= head),
      "RECENT holds nothing that comes as LIVE",
      { head, handed: handed.map(brief) },
    );
  }
  const sends = new Map(facts.run.notes.sends.map((send) => [send.message?.id, send]));
  const late = of("LIVE").filter(({ message }) => (sends.get(message.id)?.doneAt ?? openedAt) < openedAt);
  hold(late.length === 0, "what was sent before the opening is no LIVE", late.map(brief));

  hold(refreshed.length <= 1 + overheardBy(facts.run, session).length, "one refresh", refreshed);
  if (refresh === undefined) {
    hold(session.closedAt !== null || session.refreshMode === "none", "one refresh", { handed: handed.map(brief) });
    return;
  }
  hold(
    refresh.offlineCount === of("OFFLINE").length && refresh.recentCount === of("RECENT").length,
    "the refresh counts what came",
    { refresh, handed: handed.map(brief) },
  );
  hold(!refresh.truncated || refresh.truncatedPeers.length > 0, "truncated names its peers", refresh);
  hold(
    facts.run.script.perContact < facts.log.length || !refresh.truncated,
    "nothing is announced as missing that is not",
    refresh,
  );
  const before = [...of("OFFLINE"), ...of("RECENT")];
  hold(
    before.every(({ at }) => at < refresh.at),
    "refresh comes after OFFLINE and RECENT",
    { refresh, handed: handed.map(brief) },
  );
  const sameConnection = session.refreshMode === "before" || session.refreshMode === "after";
  const [live] = of("LIVE");
  hold(!sameConnection || live === undefined || refresh.at < live.at, "refresh comes before LIVE", {
    refresh,
    handed: handed.map(brief),
  });
}

/** Promise 9: who was told that it is recalled is handed no body any more; and changes reach each device. */
async function checkRecalls(facts: Facts): Promise<void> {
  const { run, updates } = facts;
  const { sessions, recalls, acknowledged: marks } = run.notes;
  for (const { id, doneAt } of recalls) {
    const [, conversationId, seq] = id.split(":").map(Number);
    const stored = await run.store.message(conversationId ?? 0, seq ?? 0);
    hold(stored?.recalledAt !== null && stored?.content === null, "what was recalled is erased", stored);
    for (const event of sessions.flatMap(({ handed, updated }) => [...handed, ...updated])) {
      if (event.message.id !== id || event.at < doneAt) continue;
      hold(event.message.content === null, "no body after the recall", { doneAt, event });
    }
  }
  checkEdits(run);
  for (const session of sessions) {
    const { device, updated, openedAt, closedAt } = session;
    hold(isRising(updated.map(({ position }) => position)), "updates rise", updated);
    const from = acknowledged(facts, device, "updates", openedAt, "done");
    hold(
      updated.every(({ position }) => position > from),
      "no acknowledged update comes again",
      { from, updated },
    );
    const upTo = closedAt === null ? MOST : (updated.at(-1)?.position ?? 0);
    const excusedUpTo = Math.max(0, ...marks.filter((m) => m.device === device).map(({ position }) => position));
    const due = updates.filter(({ position, origin }) => origin !== device && position > from && position <= upTo);
    const got = new Map(updated.map((event) => [event.position, event]));
    for (const entry of due) {
      const event = got.get(entry.position);
      if (event === undefined && entry.position <= excusedUpTo) continue;
      hold(event?.message.id === idOf(entry), "each update reaches each device", { entry, updated });
      hold(event?.change === entry.kind.toUpperCase(), "an update says what it is", { entry, event });
    }
  }
}

/** Who was told that it is edited is handed no older text any more. */
function checkEdits({ notes }: LiveRun): void {
  // What one writes to whom has blocked the writer changes nothing for the other.
  if (notes.blocks.length > 0) return;
  for (const { at, message } of notes.sessions.flatMap(({ handed, updated }) => [...handed, ...updated])) {
    if (message.content?.type !== "TEXT") continue;
    const { text } = message.content;
    const edits = notes.edits.filter(({ id }) => id === message.id);
    const writtenBy = edits.find((edit) => edit.text === text)?.doneAt ?? 0;
    const later = edits.find(({ beganAt, doneAt }) => beganAt > writtenBy && doneAt < at);
    hold(later === undefined, "no older text after the edit", { at, text, later });
  }
}

/** Promise 8: of a send that begins when the block is answered, nothing reaches; of one that ended before, all. */
async function checkBlocks({ run, log }: Facts): Promise<void> {
  const { sends, blocks, sessions } = run.notes;
  const handed = new Set(sessions.flatMap((session) => session.handed).map(({ message }) => message.id));
  const logged = new Set(log.map(idOf));
  for (const { sender, message, beganAt, doneAt, kept } of sends) {
    if (sender === "alice" || message === null) continue;
    const ofSender = blocks.filter(({ peer }) => peer === run.name(sender));
    const blockedAtBegin =
      ofSender.some((block) => block.blocked && block.doneAt < beganAt) &&
      !ofSender.some((unblock) => !unblock.blocked && unblock.beganAt < doneAt);
    if (blockedAtBegin) {
      hold(!handed.has(message.id) && !logged.has(message.id), "nothing reaches one who has blocked", message.id);
      const seen = await run.engine.messages.find(run.viewer("alice"), message.id);
      hold(seen === null, "nothing of a blocked sender is to be found", seen);
    }
    const free = !ofSender.some((block) => block.blocked && block.beganAt < doneAt);
    hold(!free || !kept || logged.has(message.id), "what was not blocked reaches", message.id);
  }
}

/** Promise 10: marks never move back. */
async function checkMarks({ run }: Facts): Promise<void> {
  const { acknowledged: marks, reads } = run.notes;
  for (const mark of marks) {
    if (mark.doneAt === Number.POSITIVE_INFINITY) continue;
    const earlier = marks.filter(
      (m) => m.device === mark.device && m.stream === mark.stream && m.doneAt < mark.beganAt,
    );
    const floor = Math.max(mark.position, ...earlier.map(({ answer }) => answer));
    hold(mark.answer >= floor, "an acknowledged place never moves back", { mark, earlier });
  }
  for (const device of DEVICES) {
    const state = await run.store.logState(run.name("alice"), device);
    const most = Math.max(
      0,
      ...marks.filter((m) => m.device === device && m.stream === "messages").map((m) => m.position),
    );
    hold(state.acknowledged.messages === most, "a device's place is the highest that it named", { state, most });
  }
  for (const read of reads) {
    const earlier = reads.filter((other) => other.reader === read.reader && other.doneAt < read.beganAt);
    hold(
      earlier.every(({ readSeq }) => readSeq <= read.readSeq),
      "a read mark never moves back",
      { read, earlier },
    );
  }
}

/** What is not kept comes once at most, and an ended session is handed nothing. */
function checkOnceAndNotAfterwards(session: Session): void {
  const transients = session.handed.filter(({ message }) => message.seq === 0).map(({ message }) => message.id);
  hold(new Set(transients).size === transients.length, "what is not kept comes once", transients);
  const { closedAt } = session;
  if (closedAt === null) return;
  const after = [...session.handed, ...session.refreshed, ...session.updated].filter(({ at }) => at > closedAt);
  hold(after.length === 0, "an ended subscription hands over nothing", after);
}

/** To be called when nothing is left to do, and before anything is ended. */
export async function checkPromises(run: LiveRun): Promise<void> {
  const [failure] = run.notes.failures;
  if (failure !== undefined) throw failure;
  const facts = await gather(run);
  await checkOrder(facts);
  for (const session of run.notes.sessions) {
    checkOnceAndNotAfterwards(session);
    checkRefresh(facts, session);
    checkStream(facts, session);
  }
  await checkRecalls(facts);
  await checkMarks(facts);
}

/** To be called when all is ended: nothing is left behind, and each device gets what it has not acknowledged. */
export async function checkAfterwards(run: LiveRun): Promise<void> {
  const [failure] = run.notes.failures;
  if (failure !== undefined) throw failure;
  const { listeners, connections } = run.leftOpen();
  hold(listeners === 0 && connections === 0, "nothing is left open", { listeners, connections });
  for (const session of run.notes.sessions) checkOnceAndNotAfterwards(session);
  const facts = await gather(run);
  await checkBlocks(facts);
  const { perContact } = run.script;
  for (const device of DEVICES) {
    const { handed, refreshed } = await run.sync(device);
    const from = acknowledged(facts, device, "messages", MOST, "begun");
    const missed = facts.log.filter(
      (entry) => entry.position > from && entry.origin !== device && !facts.putAway.has(idOf(entry)),
    );
    const perPeer = groupBy(missed, ({ conversationId }) => conversationId);
    const expected = [...perPeer.values()].flatMap((entries) => entries.slice(-perContact));
    const got = handed.filter(({ source }) => source === "OFFLINE").map(({ position }) => position);
    const wanted = expected.map(({ position }) => position).sort((a, b) => a - b);
    hold(JSON.stringify(got) === JSON.stringify(wanted), "what was not acknowledged comes again", { got, wanted });
    const tooMany = [...perPeer].filter(([, entries]) => entries.length > perContact);
    const peers = tooMany.map(([conversation]) => facts.peerOf.get(conversation) ?? "").sort();
    const announced = [...refreshed.truncatedPeers].sort();
    hold(JSON.stringify(announced) === JSON.stringify(peers), "what is left out is announced", { announced, peers });
    await checkRecents(run, handed);
  }
}

async function checkRecents(run: LiveRun, handed: readonly Handed[]): Promise<void> {
  const alice = run.name("alice");
  const offline = new Set(
    handed.filter(({ source }) => source === "OFFLINE").map(({ message }) => message.conversationId),
  );
  const expected: Message[] = [];
  for (const contact of await run.store.recentContacts(alice, 100)) {
    const { conversationId, clearedSeq, lastSeq } = contact;
    const view = { userId: alice, conversationId, clearedSeq, roamingCutoff: 0 };
    const last = await run.store.lastMessage(view, lastSeq);
    if (last !== null && !offline.has(conversationId)) expected.push(last);
  }
  const recent = handed.filter(({ source }) => source === "RECENT").map(({ message }) => message.id);
  const wanted = expected.map(({ id }) => id);
  hold(JSON.stringify(recent) === JSON.stringify(wanted), "each other recent contact's last message comes", {
    recent,
    wanted,
  });
}
