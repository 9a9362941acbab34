/**
 * Judges a journal by the delivery contract. It is handed what clients saw and nothing else, so that it holds for any
 * server; `test/checker.test.ts` shows that it catches servers that are broken on purpose.
 */
import type { Breach, BreachKind } from "./findings.ts";
import type { DeviceRecord, HistoryRecord, Journal, SeenMessage, SendRecord, SessionRecord } from "./journal.ts";

type Report = (kind: BreachKind, what: string) => void;

function acknowledgement({ outcomes }: SendRecord) {
  return outcomes.find((outcome) => outcome.kind === "acknowledged") ?? null;
}

function pairOf({ user, peer }: HistoryRecord): string {
  return [user, peer].sort().join(" and ");
}

/** One order, the same for both, numbered without a gap; each message once. */
function checkTimelines({ histories }: Journal, report: Report): void {
  const firstSeen = new Map<string, HistoryRecord>();
  for (const history of histories) {
    const { user, peer, messages } = history;
    for (const [index, { id, seq }] of messages.entries()) {
      if (seq !== index + 1)
        report("out of order", `history of ${user} with ${peer}: ${id} is number ${index + 1}, seq ${seq}`);
    }
    const texts = messages.map(({ text }) => text).filter((text) => text !== null);
    for (const text of new Set(texts.filter((text, index) => texts.indexOf(text) !== index))) {
      report("duplicated", `history of ${user} with ${peer} holds "${text}" more than once`);
    }
    const other = firstSeen.get(pairOf(history));
    if (other === undefined) firstSeen.set(pairOf(history), history);
    else if (JSON.stringify(other.messages) !== JSON.stringify(messages)) {
      report("out of order", `${user} and ${peer} see different timelines`);
    }
  }
}

/** What was acknowledged is there, as it was acknowledged; what was refused or never sent is not. */
function checkSends({ sends, histories }: Journal, report: Report): void {
  const stored = new Map<string, SeenMessage>();
  const byText = new Map<string, SeenMessage>();
  for (const message of histories.flatMap(({ messages }) => messages)) {
    stored.set(message.id, message);
    if (message.text !== null) byText.set(message.text, message);
  }
  const known = new Map(sends.map((send) => [send.key, send]));
  for (const [text, message] of byText) {
    const send = known.get(text);
    if (send === undefined) report("other", `${message.id} holds "${text}", which nobody sent`);
    else if (send.from !== message.from || send.to !== message.to) report("other", `"${text}" changed hands`);
    else if (send.recall === "done") report("other", `"${text}" was recalled and can still be read`);
  }
  for (const send of sends) {
    const { key, outcomes, forbidden, recall } = send;
    if (forbidden && outcomes.some(({ kind }) => kind === "acknowledged"))
      report("other", `"${key}" had to be refused`);
    if (!forbidden) {
      for (const outcome of outcomes)
        if (outcome.kind === "refused") report("other", `"${key}" was refused with ${outcome.code}`);
    }
    if (forbidden && byText.has(key)) report("other", `"${key}" was refused and can be read`);
    if (outcomes.length > 0 && outcomes.every(({ kind }) => kind === "unavailable") && byText.has(key)) {
      report("other", `"${key}" was answered with UNAVAILABLE, and is there`);
    }
    const first = acknowledgement(send);
    if (first === null) continue;
    for (const outcome of outcomes) {
      if (outcome.kind === "acknowledged" && (outcome.id !== first.id || outcome.seq !== first.seq)) {
        report("duplicated", `"${key}" was acknowledged as ${first.id} and as ${outcome.id}`);
      }
    }
    const message = stored.get(first.id);
    if (message === undefined) report("lost", `"${key}" was acknowledged as ${first.id} and is in no history`);
    else if (message.seq !== first.seq)
      report("out of order", `${first.id} was acknowledged as ${first.seq} and is ${message.seq}`);
    else if (message.text === null ? recall === "none" : message.text !== key) {
      report("lost", `${first.id} was acknowledged as "${key}" and reads "${message.text}"`);
    }
  }
}

/** The log of a user: what a device that never acknowledged is handed, which must be all there is. */
function checkAuditor(auditor: DeviceRecord, { histories }: Journal, report: Report): readonly SeenMessage[] {
  const { user } = auditor;
  const session = auditor.sessions.at(-1);
  const handed = (session?.events ?? []).flatMap((event) =>
    event.kind === "message" && event.source !== "RECENT" ? [event.message] : [],
  );
  for (const { peer, messages } of histories.filter((history) => history.user === user)) {
    const ofPeer = handed.filter(({ from, to }) => from === peer || to === peer);
    const ids = new Set(ofPeer.map(({ id }) => id));
    if (ids.size !== ofPeer.length) report("duplicated", `${user} is handed messages with ${peer} more than once`);
    for (const { id } of messages) if (!ids.has(id)) report("lost", `${user} is never handed ${id}`);
    const seqs = ofPeer.map(({ seq }) => seq);
    if (seqs.some((seq, index) => seq <= (seqs[index - 1] ?? 0))) {
      report("out of order", `${user} is handed messages with ${peer} as ${seqs.join(", ")}`);
    }
  }
  return handed;
}

/** Backlog, recent contacts, one refresh, live: in that order. */
function checkPhases(name: string, { events, drained }: SessionRecord, report: Report): void {
  const offline = new Set<string>();
  const recent = new Set<string>();
  let offlines = 0;
  let refreshes = 0;
  const peers = ({ from, to }: SeenMessage) => [from, to].sort().join(" and ");
  for (const event of events) {
    if (event.kind === "refresh") {
      refreshes += 1;
      const { offlineCount, recentCount } = event;
      if (offlineCount !== offlines || recentCount !== recent.size) {
        const told = `${offlineCount} missed and ${recentCount} recent`;
        report("other", `${name}: refresh tells of ${told}; before it came ${offlines} and ${recent.size}`);
      }
      continue;
    }
    const pair = peers(event.message);
    if (event.source === "OFFLINE") {
      if (recent.size > 0 || refreshes > 0) report("out of order", `${name}: OFFLINE after RECENT or refresh`);
      offline.add(pair);
      offlines += 1;
    } else if (event.source === "RECENT") {
      if (offline.has(pair) || recent.has(pair)) report("duplicated", `${name}: RECENT repeats ${pair}`);
      recent.add(pair);
    } else if (refreshes === 0) report("out of order", `${name}: LIVE before refresh`);
  }
  if (refreshes > 1 || (drained && refreshes === 0)) report("other", `${name}: ${refreshes} refreshes`);
}

/** Whether the device was told of a hole in its backlog, or was cut off before it could be. */
function saysThatItMisses({ events }: SessionRecord): boolean {
  const refresh = events.find((event) => event.kind === "refresh");
  return refresh === undefined || refresh.truncated === true;
}

/** No gap, no repeat, and nothing that was acknowledged, in each connection of a device. */
function checkDevice(record: DeviceRecord, due: readonly string[], mayMiss: boolean, report: Report): void {
  const place = new Map(due.map((id, index) => [id, index]));
  /** How many of those due lie before what follows this message. */
  const behind = (id: string | null) => (id === null ? 0 : (place.get(id) ?? -1) + 1);
  for (const [number, session] of record.sessions.entries()) {
    const name = `${record.user}'s ${record.device}, connection ${number + 1}`;
    checkPhases(name, session, report);
    const handed = session.events.flatMap((event) =>
      event.kind === "message" && event.source !== "RECENT" ? [{ id: event.message.id, source: event.source }] : [],
    );
    const first = handed[0]?.id;
    const lowest = Math.max(behind(session.confirmed), behind(session.since));
    const highest = Math.max(lowest, behind(session.attempted));
    let next = place.get(first ?? "") ?? lowest;
    let mayMissNow = mayMiss && saysThatItMisses(session);
    if (next < lowest) report("duplicated", `${name}: ${first} comes again after it was acknowledged`);
    if (next > highest && !mayMissNow)
      report("lost", `${name}: begins with ${first}, ${next - highest} messages too late`);
    for (const { id, source } of handed) {
      const at = place.get(id);
      if (at === undefined) report("other", `${name}: is handed ${id}, which is not for it`);
      else if (at > next && !mayMissNow) report("lost", `${name}: ${at - next} messages are missing before ${id}`);
      else if (at < next) report("duplicated", `${name}: ${id} comes again or late`);
      next = Math.max(next, (at ?? next - 1) + 1);
      // The hole ends where live begins.
      if (source === "LIVE") mayMissNow = false;
    }
    if (session.drained && next < due.length)
      report("lost", `${name}: the last ${due.length - next} messages never came`);
  }
}

/** Read marks never go back, and unread follows from them. */
function checkMarks({ marks, histories }: Journal, report: Report): void {
  for (const { user, peer, steps } of marks) {
    let lowest = 0;
    let highest = 0;
    for (const step of steps) {
      if (step.kind === "set") {
        highest = Math.max(highest, step.upToSeq);
        if (step.confirmed) lowest = Math.max(lowest, step.upToSeq);
        continue;
      }
      const { readSeq, unread } = step;
      if (readSeq < lowest || readSeq > highest) {
        report("other", `${user} has read ${peer} up to between ${lowest} and ${highest}, and is told ${readSeq}`);
      }
      lowest = Math.max(lowest, readSeq);
      if (!step.atTheEnd) continue;
      const history = histories.find((one) => one.user === user && one.peer === peer)?.messages ?? [];
      const ownLast = history.findLast((message) => message.from === user)?.seq ?? 0;
      const due = history.filter(
        ({ from, seq, text }) => from === peer && seq > Math.max(readSeq, ownLast) && text !== null,
      );
      if (due.length !== unread) report("other", `${user} has ${due.length} unread of ${peer}, and is told ${unread}`);
    }
  }
}

/** Nobody is shown what was refused, not even once. */
function checkRefused({ sends, devices }: Journal, report: Report): void {
  const refused = new Set(sends.filter(({ forbidden }) => forbidden).map(({ key }) => key));
  for (const { user, device, sessions } of devices) {
    for (const event of sessions.flatMap(({ events }) => events)) {
      if (event.kind !== "message" || event.message.text === null || !refused.has(event.message.text)) continue;
      report("other", `${user}'s ${device} is handed "${event.message.text}", which was refused`);
    }
  }
}

export interface CheckOptions {
  /** Whether a backlog may have a hole that it tells of; only where the clock or retention gives reason to. */
  readonly mayMiss?: boolean;
}

/** All breaches of the contract that the journal shows. */
export function check(journal: Journal, { mayMiss = false }: CheckOptions = {}): Breach[] {
  const breaches: Breach[] = [];
  const report: Report = (kind, what) => breaches.push({ kind, what });
  checkTimelines(journal, report);
  checkSends(journal, report);
  checkRefused(journal, report);
  checkMarks(journal, report);
  const senderOf = new Map<string, SendRecord>();
  for (const send of journal.sends) {
    for (const outcome of send.outcomes) if (outcome.kind === "acknowledged") senderOf.set(outcome.id, send);
  }
  const byKey = new Map(journal.sends.map((send) => [send.key, send]));
  for (const auditor of journal.auditors) {
    const log = checkAuditor(auditor, journal, report);
    for (const record of journal.devices.filter(({ user }) => user === auditor.user)) {
      const own = ({ id, text }: SeenMessage) => {
        const send = (text === null ? undefined : byKey.get(text)) ?? senderOf.get(id);
        return send?.from === record.user && send.device === record.device;
      };
      checkDevice(
        record,
        log.filter((message) => !own(message)).map(({ id }) => id),
        mayMiss,
        report,
      );
    }
  }
  return breaches;
}
