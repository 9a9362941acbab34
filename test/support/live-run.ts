/**
 * One run of the live loop: people and devices that act at the same time, over a store whose answers come in an
 * order that a scheduler chooses. It writes down what happened, and when; `live-promises.ts` judges.
 */
import { setImmediate as nextTick } from "node:timers/promises";
import type { Scheduler } from "fast-check";
import type { Connection } from "../../src/engine/connections.ts";
import { decodeLogCursor } from "../../src/engine/cursors.ts";
import { createEngine, type Engine } from "../../src/engine/engine.ts";
import { Refusal } from "../../src/engine/errors.ts";
import type { Feed } from "../../src/engine/live/feed.ts";
import type { RefreshEvent } from "../../src/engine/live/refresh.ts";
import type { Stream } from "../../src/engine/model.ts";
import type { Store } from "../../src/engine/store.ts";
import type { Viewer } from "../../src/engine/viewer.ts";
import type { Acts, DeviceAct, DeviceName, Handed, Notes, Script, Session, Writer, WriterAct } from "./live-script.ts";
import { noMedia } from "./no-media.ts";
import { type CountingHub, repeatingHub, type ScheduledStore, scheduledStore, type Turns } from "./scheduled-store.ts";

const NOW = Date.UTC(2030, 0, 1);
const DAY = 86_400_000;

interface Open {
  readonly session: Session;
  readonly connections: Connection[];
  readonly feeds: Feed<unknown>[];
}

const observer = {
  sent() {},
  delivered() {},
  uploaded() {},
  pushed() {},
  pushBroken() {},
  pushFailed() {},
  swept() {},
  followingFailed() {},
  hookAsked() {},
  hookDelivered() {},
  hookFailed() {},
  broadcastFailed() {},
  erasureFailed() {},
  clusterFailed() {},
  sweepFailed() {},
  backedUp() {},
  backupFailed() {},
  clockDoubted() {},
  clockBelieved() {},
};
const tokens = { verify: () => Promise.reject(new Error("no tokens")), issue: () => Promise.reject(new Error("none")) };
/** Stands still, and never wakes anybody. */
const clock = { now: () => NOW, monotonic: () => 0, at: () => () => {}, after: () => () => {} };

/** Turns of the event loop in which anything comes about that comes about at all, once nothing is held back. */
const MANY_TURNS = 1_000;

/** What a promise gives; an error where it waits for something that does not come. */
async function settled<T>(promise: Promise<T>, expected: string): Promise<T> {
  let waiting = true;
  const late = (async () => {
    for (let turn = 0; turn < MANY_TURNS && waiting; turn += 1) await nextTick();
    throw new Error(`it never comes about: ${expected}`);
  })();
  late.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    waiting = false;
  }
}

/** What the runs of a test share, since an engine costs more than a run: one after the other has it. */
export class Arena {
  readonly store: Store;
  readonly scheduled: ScheduledStore;
  readonly hub: CountingHub;
  current: LiveRun | null = null;
  #runs = 0;
  #engines = new Map<number, Engine>();

  constructor(store: Store) {
    this.store = store;
    const freely: Turns = { begin: async () => {}, handOver: async () => {} };
    this.scheduled = scheduledStore(store, () => this.current?.turns ?? freely);
    this.hub = repeatingHub(() => this.current?.script.wakeUps ?? 1);
  }

  async begin(script: Script, scheduler: Scheduler): Promise<LiveRun> {
    this.#runs += 1;
    this.current = null;
    const run = new LiveRun(script, scheduler, this, await this.#engine(script.perContact), this.#runs);
    await run.prepare();
    return run;
  }

  async #engine(offlineMessagesPerContact: number): Promise<Engine> {
    const known = this.#engines.get(offlineMessagesPerContact);
    if (known !== undefined) return known;
    const engine = await createEngine({
      store: { ...this.scheduled.store, loadSettings: async () => ({ offlineMessagesPerContact }) },
      clock,
      tokens,
      observer,
      sendRate: 0,
      sessionLimits: { WEB: 10, IOS: 1, ANDROID: 1, DESKTOP: 1, OTHER: 1 },
      hub: this.hub.hub,
      media: noMedia,
    });
    this.#engines.set(offlineMessagesPerContact, engine);
    return engine;
  }
}

export class LiveRun {
  readonly notes: Notes = {
    sessions: [],
    sends: [],
    acknowledged: [],
    recalls: [],
    edits: [],
    deletions: [],
    clears: [],
    blocks: [],
    reads: [],
    failures: [],
  };
  readonly script: Script;
  readonly store: Store;
  readonly engine: Engine;
  readonly turns: Turns;
  readonly name: (who: string) => string;
  readonly #scheduler: Scheduler;
  readonly #arena: Arena;
  /** What a run that failed has left behind. */
  readonly #before: ReturnType<LiveRun["leftOpen"]>;
  #ticks = 0;
  #texts = 0;
  readonly #open = new Map<DeviceName, Open>();
  /** Broken connections that the server still takes for living. */
  readonly #unnoticed: [DeviceName, Open][] = [];
  /** All that goes on beside what the scheduler knows. */
  readonly #running: Promise<unknown>[] = [];

  constructor(script: Script, scheduler: Scheduler, arena: Arena, engine: Engine, run: number) {
    this.script = script;
    this.store = arena.store;
    this.engine = engine;
    this.name = (who) => `${who}-${run}`;
    this.#scheduler = scheduler;
    this.#arena = arena;
    this.#before = { listeners: 0, connections: 0, calls: 0 };
    this.#before = this.leftOpen();
    const { late } = script;
    this.turns = {
      begin: async (call) => (late === "answers" ? undefined : this.#turn(`${call} begins`)),
      handOver: async (call, answer) => (late === "beginnings" ? undefined : this.#turn(`${call} answers`, answer)),
    };
  }

  /** What has been opened since the run began and not been closed. */
  leftOpen(): { listeners: number; connections: number; calls: number } {
    return {
      listeners: this.#arena.hub.listeners() - this.#before.listeners,
      connections: this.engine.connections.count - this.#before.connections,
      calls: this.#arena.scheduled.pending() - this.#before.calls,
    };
  }

  async #turn(what: string, until: Promise<unknown> = Promise.resolve()): Promise<void> {
    if (this.#arena.current !== this) return;
    // Without values: the scheduler would print each.
    const settled = until.then(
      () => {},
      () => {},
    );
    await this.#scheduler.schedule(settled, what);
  }

  tick(): number {
    this.#ticks += 1;
    return this.#ticks;
  }

  viewer(who: string, deviceId = "default"): Viewer {
    return { userId: this.name(who), deviceId, role: "user", session: null, issuedAt: null, expiresAt: NOW + DAY };
  }

  positionOf(cursor: string): number {
    return decodeLogCursor(this.name("alice"), cursor).position;
  }

  async prepare(): Promise<void> {
    await Promise.all(["alice", "bob", "carol"].map((who) => this.store.ensureUser(this.name(who), NOW)));
    await Promise.all(
      this.script.before.map((writer) =>
        writer === "to bob" ? this.#send("alice", "bob", "default") : this.#send(writer, "alice"),
      ),
    );
    const { head } = await this.store.logState(this.name("alice"), "phone");
    for (const device of ["phone", "laptop"] as const) {
      const position = Math.min(this.script.acknowledged[device], head);
      if (position > 0) await this.#acknowledge(device, "messages", position);
    }
  }

  /** Lets everybody act until there is nothing left to do. */
  async play(): Promise<void> {
    this.#arena.current = this;
    const { phone, laptop, bob, carol } = this.script;
    this.#start(this.#act("phone", phone, (act) => this.#deviceAct("phone", act)));
    this.#start(this.#act("laptop", laptop, (act) => this.#deviceAct("laptop", act)));
    this.#start(this.#act("bob", bob, (act) => this.#writerAct("bob", act)));
    this.#start(this.#act("carol", carol, (act) => this.#writerAct("carol", act)));
    await this.#quiet();
  }

  /** Ends what is open, and waits for all that went on. */
  async end(): Promise<void> {
    for (const [device, open] of [...this.#open, ...this.#unnoticed]) this.#close(device, open);
    await this.#quiet();
    this.#arena.current = null;
    await settled(Promise.all(this.#running), "what is ended ends");
  }

  /** What a device is handed that comes now, with nothing in its way. */
  async sync(device: DeviceName): Promise<{ handed: Handed[]; refreshed: RefreshEvent }> {
    const viewer = this.viewer("alice", device);
    const refresh = this.engine.live.refresh(viewer, null);
    const feed = await this.engine.live.newMessage(viewer, null, null);
    const handed: Handed[] = [];
    const reading = this.#read(feed, "sync", (event) => {
      handed.push({ ...event, at: this.tick(), position: this.positionOf(event.cursor) });
    });
    const { value } = await settled(refresh.next(), "one refresh");
    if (value === undefined) throw new Error("the refresh ended before it came");
    await Promise.all([feed.return?.(), refresh.return?.(), reading]);
    return { handed, refreshed: value };
  }

  async #quiet(): Promise<void> {
    do {
      await this.#scheduler.waitIdle();
      // Commits and long reads take turns of the event loop that the scheduler does not see.
      for (let turn = 0; turn < 3 && this.#scheduler.count() === 0; turn += 1) await nextTick();
    } while (this.#scheduler.count() > 0 || this.leftOpen().calls > 0);
  }

  #start(work: Promise<unknown>): void {
    this.#running.push(work.catch((error: unknown) => this.notes.failures.push(error)));
  }

  async #act<A extends { do: string }>(
    who: string,
    acts: Acts<A>,
    perform: (act: A) => Promise<unknown>,
  ): Promise<void> {
    for (const act of acts) {
      for (let turn = 0; turn < act.rest; turn += 1) await this.#turn(`${who} rests`);
      await this.#turn(`${who}: ${act.do}`);
      const performed = perform(act);
      if (act.overlap) this.#start(performed);
      else await performed;
    }
  }

  async #read<T>(feed: Feed<T>, what: string, note: (event: T) => void): Promise<void> {
    for (;;) {
      await this.#turn(`${what} asks for the next`);
      const { value, done } = await feed.next();
      if (done === true) return;
      note(value);
    }
  }

  async #deviceAct(device: DeviceName, act: DeviceAct): Promise<unknown> {
    const viewer = this.viewer("alice", device);
    switch (act.do) {
      case "open":
        return this.#openSession(device, act.since, act.refresh);
      case "open again":
        return this.#openSession(device, "last", "before", true);
      case "close":
        return this.#close(device);
      case "end connection":
        return this.#open.get(device)?.connections[0]?.end("tooSlow");
      case "acknowledge": {
        const handed = this.notes.sessions.filter((session) => session.device === device).flatMap((s) => s.handed);
        const event = handed[act.which % Math.max(1, handed.length)];
        return event === undefined ? null : this.#acknowledge(device, "messages", event.position);
      }
      case "acknowledge updates": {
        const last = this.notes.sessions.findLast((session) => session.device === device)?.updated.at(-1);
        return last === undefined ? null : this.#acknowledge(device, "updates", last.position);
      }
      case "send":
        return this.#send("alice", act.to, device);
      case "mark read":
        return this.#markRead("alice", act.peer, device);
      case "delete": {
        const handed = this.notes.sessions.flatMap((session) => session.handed);
        const id = handed[act.which % Math.max(1, handed.length)]?.message.id;
        if (id === undefined) return null;
        const note = { beganAt: this.tick(), doneAt: Number.POSITIVE_INFINITY, ids: [id] };
        this.notes.deletions.push(note);
        await this.engine.messages.deleteForViewer(viewer, [id]);
        note.doneAt = this.tick();
        return null;
      }
      case "clear": {
        const peer = this.name(act.peer);
        const note = { beganAt: this.tick(), doneAt: Number.POSITIVE_INFINITY, peer, upToSeq: 0 };
        this.notes.clears.push(note);
        const member = await this.engine.conversations.arrange(viewer, peer, { cleared: true });
        note.upToSeq = member?.clearedSeq ?? 0;
        note.doneAt = this.tick();
        return null;
      }
      case "block":
      case "unblock": {
        const [peer, blocked] = [this.name(act.peer), act.do === "block"];
        const note = { beganAt: this.tick(), doneAt: Number.POSITIVE_INFINITY, peer, blocked };
        this.notes.blocks.push(note);
        await this.engine.relationships.setBlocked(viewer, peer, null, blocked);
        note.doneAt = this.tick();
        return null;
      }
      default:
        return act satisfies never;
    }
  }

  async #writerAct(writer: Writer, act: WriterAct): Promise<unknown> {
    switch (act.do) {
      case "send":
        return this.#send(writer, "alice");
      case "send many":
        return Promise.all(Array.from({ length: act.count }, () => this.#send(writer, "alice")));
      case "send to whom is connected":
        return this.#send(writer, "alice", "default", 0);
      case "recall": {
        const id = this.#ownMessage(writer, act.which);
        if (id === null) return null;
        const note = { beganAt: this.tick(), doneAt: Number.POSITIVE_INFINITY, id };
        await this.engine.messages.recall(this.viewer(writer), id);
        note.doneAt = this.tick();
        return this.notes.recalls.push(note);
      }
      case "edit": {
        const id = this.#ownMessage(writer, act.which);
        if (id === null) return null;
        return this.#edit(writer, id);
      }
      case "mark read":
        return this.#markRead(writer, "alice", "default");
      default:
        return act satisfies never;
    }
  }

  async #edit(writer: Writer, id: string): Promise<void> {
    const text = this.#newText();
    const note = { beganAt: this.tick(), doneAt: Number.POSITIVE_INFINITY, id, text };
    try {
      await this.engine.messages.edit(this.viewer(writer), { id, content: { text: { text } } });
    } catch (error) {
      // It was recalled meanwhile.
      if (error instanceof Refusal && error.code === "MESSAGE_NOT_FOUND") return;
      throw error;
    }
    note.doneAt = this.tick();
    this.notes.edits.push(note);
  }

  #ownMessage(writer: Writer, which: number): string | null {
    const own = this.notes.sends.filter(({ sender, kept, message }) => sender === writer && kept && message !== null);
    return own[which % Math.max(1, own.length)]?.message?.id ?? null;
  }

  #newText(): string {
    this.#texts += 1;
    return `text ${this.#texts}`;
  }

  async #send(sender: string, to: string, device = "default", lifetimeSeconds: number | null = null): Promise<void> {
    const text = this.#newText();
    const kept = lifetimeSeconds === null;
    const note: Notes["sends"][number] = {
      beganAt: this.tick(),
      doneAt: Number.POSITIVE_INFINITY,
      sender,
      text,
      message: null,
      kept,
    };
    this.notes.sends.push(note);
    const input = { to: this.name(to), content: { text: { text } }, lifetimeSeconds };
    const success = await this.engine.send(this.viewer(sender, device), input);
    note.message = success.message;
    note.doneAt = this.tick();
  }

  async #markRead(reader: string, peer: string, device: string): Promise<void> {
    const beganAt = this.tick();
    const member = await this.engine.conversations.markRead(this.viewer(reader, device), this.name(peer), null);
    if (member === null) return;
    this.notes.reads.push({ beganAt, doneAt: this.tick(), reader: `${reader} of ${peer}`, readSeq: member.readSeq });
  }

  async #acknowledge(device: DeviceName, stream: Stream, position: number): Promise<void> {
    const note = { beganAt: this.tick(), doneAt: Number.POSITIVE_INFINITY, device, stream, position, answer: 0 };
    this.notes.acknowledged.push(note);
    const answer = await this.engine.acknowledge(this.viewer("alice", device), this.#cursor(stream, position));
    note.answer = this.positionOf(answer);
    note.doneAt = this.tick();
  }

  /** The cursors that were handed out are noted as positions; this is the way back. */
  #cursor(stream: Stream, position: number): string {
    const kind = { messages: "m", updates: "u", conversations: "c" }[stream];
    const parts = [1, kind, this.name("alice"), this.store.generation, position];
    return Buffer.from(JSON.stringify(parts)).toString("base64url");
  }

  #sinceOf(device: DeviceName, since: "nothing" | "first" | "last"): number {
    if (since === "nothing") return 0;
    const handed = this.notes.sessions.filter((session) => session.device === device).flatMap((s) => s.handed);
    return (since === "first" ? handed[0] : handed.at(-1))?.position ?? 0;
  }

  /** Opens as a transport does: what has been closed meanwhile is ended as soon as it is there. */
  async #openSession(
    device: DeviceName,
    sinceWhich: "nothing" | "first" | "last",
    refreshMode: Session["refreshMode"],
    beside = false,
  ): Promise<void> {
    const old = this.#open.get(device);
    const hasOwnRefresh = old?.session.refreshMode === "before" || old?.session.refreshMode === "after";
    if (beside && old !== undefined && hasOwnRefresh) this.#unnoticed.push([device, old]);
    else this.#close(device);
    const viewer = this.viewer("alice", device);
    const since = this.#sinceOf(device, sinceWhich);
    const openedAt = this.tick();
    const session: Session = {
      device,
      openedAt,
      since,
      refreshMode,
      closedAt: null,
      handed: [],
      refreshed: [],
      updated: [],
    };
    this.notes.sessions.push(session);
    const open: Open = { session, connections: [], feeds: [] };
    this.#open.set(device, open);
    const connect = () => {
      const connection = this.engine.connections.open(viewer, () => this.#close(device, open));
      open.connections.push(connection);
      return connection;
    };
    const connection = connect();

    const refresh = () => {
      const feed = this.engine.live.refresh(viewer, refreshMode === "elsewhere" ? connect() : connection);
      open.feeds.push(feed);
      this.#start(
        this.#read(feed, `${device}'s refresh`, (event) =>
          session.refreshed.push({ ...event, at: this.tick(), position: this.positionOf(event.cursor) }),
        ),
      );
    };
    const begin = async <T>(opening: Promise<Feed<T>>, what: string, note: (event: T) => void) => {
      const feed = await opening;
      if (session.closedAt !== null) return feed.return?.();
      open.feeds.push(feed);
      return this.#read(feed, `${device}'s ${what}`, note);
    };

    if (refreshMode === "before" || refreshMode === "elsewhere") refresh();
    const cursor = since === 0 ? null : this.#cursor("messages", since);
    this.#start(
      begin(this.engine.live.newMessage(viewer, connection, cursor), "newMessage", (event) =>
        session.handed.push({ ...event, at: this.tick(), position: this.positionOf(event.cursor) }),
      ),
    );
    if (refreshMode === "after") refresh();
    this.#start(
      begin(this.engine.live.messageUpdated(viewer, null), "messageUpdated", (event) =>
        session.updated.push({ ...event, at: this.tick(), position: this.positionOf(event.cursor) }),
      ),
    );
  }

  #close(device: DeviceName, open = this.#open.get(device)): void {
    if (open === undefined || open.session.closedAt !== null) return;
    open.session.closedAt = this.tick();
    for (const connection of open.connections) connection.close();
    for (const feed of open.feeds) void feed.return?.();
    if (this.#open.get(device) === open) this.#open.delete(device);
  }
}
