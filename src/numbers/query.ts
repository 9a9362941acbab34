/** What `parley stats` and the status page ask for, and what they get. */

export const QUERY = `{ serverStats {
  at startedAt version usersOnline connections subscriptions messagesPerMinute
  stored { countedAt users conversations messages uploads uploadBytes }
  storage { databaseBytes logBytes searchIndexBytes freeBytes }
  retention { keptSince oldestMessageAt overdueSeconds }
  pushQueues { vendor states { state count oldestAt } broken }
  hookQueues { hook waiting dead oldestAt }
  lastBackup { name startedAt seconds sizeBytes }
  clockDoubted eventLoopDelayMs longestEventLoopDelayMs
} }`;

/** Instants are RFC 3339 texts; what the fields mean stands in the schema. */
export interface ServerStats {
  readonly at: string;
  readonly startedAt: string;
  readonly version: string;
  readonly usersOnline: number;
  readonly connections: number;
  readonly subscriptions: number;
  readonly messagesPerMinute: readonly number[];
  readonly stored: {
    readonly countedAt: string;
    readonly users: number;
    readonly conversations: number;
    readonly messages: number;
    readonly uploads: number;
    readonly uploadBytes: number;
  } | null;
  readonly storage: {
    readonly databaseBytes: number | null;
    readonly logBytes: number | null;
    readonly searchIndexBytes: number | null;
    readonly freeBytes: number | null;
  };
  readonly retention: {
    readonly keptSince: string;
    readonly oldestMessageAt: string | null;
    readonly overdueSeconds: number;
  };
  readonly pushQueues: readonly {
    readonly vendor: string;
    readonly states: readonly { readonly state: string; readonly count: number; readonly oldestAt: string }[];
    readonly broken: string | null;
  }[];
  readonly hookQueues: readonly {
    readonly hook: string;
    readonly waiting: number;
    readonly dead: number;
    readonly oldestAt: string | null;
  }[];
  readonly lastBackup: {
    readonly name: string;
    readonly startedAt: string;
    readonly seconds: number;
    readonly sizeBytes: number;
  } | null;
  readonly clockDoubted: boolean;
  readonly eventLoopDelayMs: number;
  readonly longestEventLoopDelayMs: number;
}
