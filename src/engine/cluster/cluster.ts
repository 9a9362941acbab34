/** What a server that has others beside it does besides, put together; one that is alone does without. */
import type { Clock } from "../clock.ts";
import type { Connections } from "../connections.ts";
import type { UserId } from "../model.ts";
import type { Rates } from "../rates.ts";
import type { Revocations } from "../revocations.ts";
import type { Settings } from "../settings.ts";
import type { Store } from "../store.ts";
import type { Bus, RateName } from "./bus.ts";
import { createLeases, type Leases } from "./leases.ts";
import { startNeighbours } from "./neighbours.ts";
import { startPresence } from "./presence.ts";
import type { SharedHub } from "./shared-hub.ts";
import { createStandings } from "./standings.ts";

/** Of a server that has others beside it. */
export interface ClusterSetup {
  /** Names this server to the others; another one each time that it is started. */
  readonly serverId: string;
  readonly bus: Bus;
  /** The machine's: it is about connections and servers, not about what is stored. */
  readonly clock: Clock;
}

export interface Cluster {
  readonly leases: Leases;
  /** Asks the store whether what is known of a user is so still, unless it was asked of late. */
  confirm(userId: UserId): Promise<void>;
  /** A user's sessions have ended here, its tokens were revoked, or it is being erased. */
  standingChanged(userId: UserId): void;
  /** Their logs have grown by something that nobody has announced. */
  logsGrown(ids: readonly UserId[]): void;
  settingsChanged(): void;
  /** Whether a user is connected to another server. */
  isPresent(userId: UserId): Promise<boolean>;
  /** What is asked, now and then, to go on with what servers that are gone have left. */
  readonly heirs: (() => Promise<void>)[];
  /** Resolves once all that others have committed before is known here. */
  look(): Promise<void>;
  close(): Promise<void>;
}

export interface ClusterOptions extends ClusterSetup {
  readonly store: Store;
  readonly hub: SharedHub;
  readonly connections: Connections;
  readonly revocations: Revocations;
  readonly erasing: Set<UserId>;
  readonly erased: Set<UserId>;
  readonly rates: Readonly<Record<RateName, Rates>>;
  readonly onSettings: (changed: Partial<Settings>) => void;
  readonly failed: (error: unknown) => void;
}

export async function joinCluster(options: ClusterOptions): Promise<Cluster> {
  const { store, clock, hub, bus, serverId, connections, failed } = options;
  const standings = createStandings(options);
  const presence = await startPresence({ store, clock, serverId, connected: connections.users, failed });
  connections.onPresence = presence.changed;
  const heirs: Cluster["heirs"] = [];
  const neighbours = startNeighbours({
    store,
    clock,
    bus,
    hub,
    standings,
    connected: connections.users,
    report: presence.report,
    rates: options.rates,
    settingsChanged: options.onSettings,
    heirs,
    failed,
  });

  return {
    heirs,
    leases: createLeases(store, clock, serverId),
    confirm: standings.confirm,
    standingChanged: (userId) => bus.tell({ kind: "standings", ids: [userId] }),
    logsGrown(ids) {
      hub.grown(ids);
      bus.tell({ kind: "logs", ids });
    },
    settingsChanged: () => bus.tell({ kind: "settings" }),
    isPresent: presence.isPresent,
    look: neighbours.look,
    async close() {
      await neighbours.close();
      await presence.close();
    },
  };
}
