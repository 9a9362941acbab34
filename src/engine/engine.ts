/** The engine: what the product means, put together from its rooms. */
import { createAcknowledging } from "./acknowledge.ts";
import { createAdministration } from "./administration.ts";
import { createAuditTrail } from "./audit.ts";
import { createBackups } from "./backups.ts";
import { createBroadcasts } from "./broadcasts/broadcasts.ts";
import type { Clock } from "./clock.ts";
import { type ClusterSetup, joinCluster } from "./cluster/cluster.ts";
import { ALL_LEASES } from "./cluster/leases.ts";
import { createSharedHub, type SharedHub } from "./cluster/shared-hub.ts";
import { createConnections } from "./connections.ts";
import { createConversations } from "./conversations.ts";
import type { Core, Media, Observer, Tokens, UserLimits } from "./core.ts";
import { createDevices } from "./devices.ts";
import { createErasing } from "./erasure.ts";
import type { ReaderName } from "./events.ts";
import { createBeforeSend } from "./hooks/before-send.ts";
import { startDeliveries } from "./hooks/deliveries.ts";
import type { HookSetup } from "./hooks/hook.ts";
import { createHooks } from "./hooks/hooks.ts";
import { createHub, type Hub } from "./live/hub.ts";
import { createNewMessages } from "./live/new-messages.ts";
import { createRefreshes } from "./live/refresh.ts";
import { createTyping } from "./live/typing.ts";
import { createUpdates } from "./live/updates.ts";
import { createMessages } from "./messages.ts";
import type { Platform } from "./model.ts";
import { limitReads } from "./permissions.ts";
import type { PushChannel, PushVendor } from "./push/channel.ts";
import { createDispatcher } from "./push/dispatcher.ts";
import type { PushPreview } from "./push/model.ts";
import { createPushing } from "./push/pushing.ts";
import { createRates, perMinute, perSecond } from "./rates.ts";
import { createArchives } from "./records/archives.ts";
import { type ArchiveOptions, startArchiving } from "./records/archiving.ts";
import { createExports } from "./records/exports.ts";
import type { RecordLinks } from "./records/links.ts";
import { createMessageImport } from "./records/message-import.ts";
import { createRelationImport } from "./records/relation-import.ts";
import { createRelationships } from "./relationships.ts";
import { startSweeper } from "./retention.ts";
import { createRevocations } from "./revocations.ts";
import { startIndexing } from "./search/indexing.ts";
import { createSearch } from "./search/search.ts";
import type { SearchIndex } from "./search/search-index.ts";
import { createSending } from "./send.ts";
import { createSendingMany } from "./send-many.ts";
import { DEFAULT_SETTINGS } from "./settings.ts";
import { type Machine, UNKNOWN_MACHINE } from "./stats/machine.ts";
import { createStats } from "./stats/stats.ts";
import { createTraffic } from "./stats/traffic.ts";
import type { Store } from "./store.ts";
import { createTimekeeper } from "./timekeeper.ts";
import { createUploads } from "./uploads.ts";
import { createUsers } from "./users.ts";
import type { Viewer } from "./viewer.ts";

/** How much more often than it may send a user may change something. */
const CHANGES_PER_SEND = 10;

export const DEFAULT_USER_LIMITS: UserLimits = {
  readRate: 100,
  loginRate: 60,
  connectionsPerUser: 100,
  subscriptionsPerUser: 500,
  subscriptionsPerConnection: 50,
};

export interface EngineOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly tokens: Tokens;
  readonly observer: Observer;
  /** Sends per second and user; 0 switches this limit off, and that of all other changes. */
  readonly sendRate: number;
  /** What is left out is as in `DEFAULT_USER_LIMITS`. */
  readonly limits?: Partial<UserLimits>;
  readonly sessionLimits: Readonly<Record<Platform, number>>;
  readonly media: Media;
  /** Left out: nothing is pushed. */
  readonly push?: PushSetup | null;
  /** What the app wants to be asked and told; null or left out: nothing. */
  readonly hooks?: HookSetup | null;
  /** Behind the search; null or left out: nothing can be searched. It is closed with the engine. */
  readonly searchIndex?: SearchIndex | null;
  /** Where messages are archived, hour by hour; null or left out: nowhere. */
  readonly archives?: ArchiveOptions | null;
  /** Where exports are had; left out: nowhere. */
  readonly recordLinks?: RecordLinks;
  /** Where it runs, for statistics; left out: nothing is known of that. */
  readonly machine?: Machine;
  /** Left out: one of its own. */
  readonly hub?: Hub;
  /** What connects it to other servers; needed where the store is shared. */
  readonly cluster?: ClusterSetup | null;
}

/** Where pushes go, and when. */
export interface PushSetup {
  readonly channels: readonly PushChannel[];
  readonly delayMs: number;
  readonly lifetimeMs: number;
  /** At most so much of messages is shown. */
  readonly preview: PushPreview;
}

export type Engine = Awaited<ReturnType<typeof createEngine>>;

/** Builds the engine over an open store. Close it before the store. */
export async function createEngine(options: EngineOptions) {
  const { store, clock, tokens, sendRate, sessionLimits, media, cluster = null } = options;
  const traffic = createTraffic(clock);
  const observer: Observer = {
    ...options.observer,
    sent(outcome) {
      traffic.sent(outcome);
      options.observer.sent(outcome);
    },
  };
  const limits = { ...DEFAULT_USER_LIMITS, ...options.limits };
  const sharedHub: SharedHub | null =
    cluster &&
    createSharedHub({
      store,
      bus: cluster.bus,
      changed() {
        core.changes += 1;
      },
      failed: observer.clusterFailed,
    });
  const core: Core = {
    store,
    clock,
    timekeeper: createTimekeeper(clock, await store.rememberedInstant(), observer),
    tokens,
    observer,
    sessionLimits,
    hub: sharedHub ?? options.hub ?? createHub(),
    connections: createConnections(clock, limits),
    revocations: createRevocations(),
    rates: createRates(clock, perSecond(sendRate)),
    changeRates: createRates(clock, perSecond(sendRate * CHANGES_PER_SEND)),
    readRates: createRates(clock, perSecond(limits.readRate)),
    loginRates: createRates(clock, perMinute(limits.loginRate)),
    settings: { ...DEFAULT_SETTINGS, ...(await store.loadSettings()) },
    changes: 0,
    media,
    push: null,
    erasing: new Set(),
    erased: new Set(),
    forgotten: async () => {},
    cluster: null,
    leases: ALL_LEASES,
    happened: () => {},
    stopped: false,
  };
  if (cluster !== null && sharedHub !== null) {
    const { connections, revocations, erasing, erased } = core;
    core.cluster = await joinCluster({
      ...cluster,
      store,
      hub: sharedHub,
      connections,
      revocations,
      erasing,
      erased,
      rates: { sends: core.rates, changes: core.changeRates, reads: core.readRates, logins: core.loginRates },
      onSettings(changed) {
        core.settings = { ...DEFAULT_SETTINGS, ...changed };
      },
      failed: observer.clusterFailed,
    });
    core.leases = core.cluster.leases;
  }
  /** What nobody reads is not kept for it. */
  async function forget(reader: ReaderName): Promise<void> {
    if (!store.shared) await store.closeReader(reader);
  }
  const uploads = createUploads(core);
  const users = createUsers(core);
  const refreshes = createRefreshes();
  const updates = createUpdates(core);
  const { searchIndex = null } = options;
  const indexing = searchIndex === null ? null : await startIndexing(core, searchIndex);
  const { hooks = null } = options;
  const beforeSend = createBeforeSend(core, hooks?.beforeSend ?? null);
  const sending = createSending(core, uploads, beforeSend);
  const broadcasts = createBroadcasts(core, sending.send, sending.check);
  await broadcasts.recover();
  const deliveries = hooks === null || hooks.events.length === 0 ? null : await startDeliveries(core, hooks);
  // Another server may have some.
  if (deliveries === null) await forget("hooks");
  else core.happened = deliveries.wake;
  if (indexing !== null) core.forgotten = indexing.settle;
  const erasing = createErasing(core, uploads);
  await erasing.recover();
  core.cluster?.heirs.push(broadcasts.recover, erasing.recover);
  const { archives = null, recordLinks = null } = options;
  // What is not archived is not kept for it either.
  if (archives === null) await forget("archives");
  const archiving = archives === null ? null : await startArchiving(core, archives, uploads.linkTo);
  const { forgotten } = core;
  if (archiving !== null) {
    core.forgotten = async () => {
      await forgotten();
      await archiving.write();
    };
  }
  const archived = archives === null || archiving === null ? null : { files: archives.files, archiving };
  const sweeper = startSweeper(core, uploads, indexing);
  const setup = options.push ?? null;
  // What another server has taken is its own until the lease is over.
  if (setup !== null && !store.shared) await store.releasePushes();
  const dispatcher = setup === null ? null : createDispatcher(core, setup);
  if (setup !== null && dispatcher !== null) {
    core.push = { delayMs: setup.delayMs, lifetimeMs: setup.lifetimeMs, expect: dispatcher.expect };
  }

  const backups = createBackups(core);
  const appHooks = createHooks(core, hooks, deliveries);
  const broken = () => dispatcher?.broken() ?? new Map<PushVendor, string>();

  return {
    clock,
    connections: core.connections,
    /**
     * Makes sure that what is known here of a user is so still, wherever it may have changed; null where nobody else
     * changes anything.
     * @throws StoreUnavailable
     */
    confirm: core.cluster?.confirm ?? null,
    /** Resolves once all that other servers have committed before is known here. */
    lookAround: async () => core.cluster?.look(),
    /**
     * Counts a query, or a subscription that starts.
     * @throws Refusal RATE_LIMITED
     */
    limitReads: (viewer: Viewer) => limitReads(core, viewer),
    /** Users whose use is remembered, once for each kind of rate. */
    rateKeys: () => core.rates.size + core.changeRates.size + core.readRates.size + core.loginRates.size,
    users,
    relationships: createRelationships(core, users),
    devices: createDevices(core, users),
    uploads,
    pushing: {
      ...createPushing(core, setup?.channels ?? []),
      /** Why vendors are not tried, of those that are not. */
      broken,
      /** Resolves when nothing is being taken or sent. */
      settled: async () => dispatcher?.settled(),
    },
    send: sending.send,
    ...createMessageImport(core, uploads),
    ...createRelationImport(core),
    ...createSendingMany(core, sending.send),
    broadcasts,
    erasing,
    ...createExports(core, uploads, recordLinks),
    ...createAcknowledging(core),
    messages: createMessages(core, uploads, beforeSend),
    conversations: createConversations(core),
    administration: createAdministration(core),
    auditTrail: createAuditTrail(core),
    backups,
    hooks: {
      ...appHooks,
      /** Resolves when nothing is being delivered that is due. */
      settled: async () => deliveries?.settled(),
    },
    archives: createArchives(core, archived, recordLinks),
    /** Writes the archives that are due. */
    writeArchives: async () => archiving?.write(),
    ...createStats(core, {
      machine: options.machine ?? UNKNOWN_MACHINE,
      traffic,
      backups,
      hooks: appHooks.count,
      vendors: setup?.channels.map(({ vendor }) => vendor) ?? [],
      broken,
    }),
    ...createSearch(core, searchIndex, indexing),
    typing: createTyping(core),
    live: {
      newMessage: createNewMessages(core, refreshes).subscribe,
      refresh: refreshes.subscribe,
      messageUpdated: updates.subscribeToMessages,
      conversationUpdated: updates.subscribeToConversations,
    },
    sweep: sweeper.sweep,
    /** Stops the sweeper, ends what is being pushed and looked into; what is connected is ended by `connections`. */
    async close() {
      core.stopped = true;
      await sweeper.stop();
      await dispatcher?.close();
      await broadcasts.close();
      await erasing.close();
      await deliveries?.close();
      await hooks?.beforeSend?.close();
      await indexing?.close();
      await archiving?.close();
      await uploads.idle();
      // Last: what it had leased is free from then on.
      await core.cluster?.close();
    },
  };
}
