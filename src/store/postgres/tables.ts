/**
 * The tables as PostgreSQL has them, for the generator of migrations alone: derived from those of `../tables.ts`, column
 * by column, so that the two cannot differ. Text is compared by its bytes, as in SQLite, whatever the server's language.
 */
import { is, type SQL, sql } from "drizzle-orm";
import {
  bigint,
  customType,
  index,
  type PgColumnBuilderBase,
  pgTable,
  primaryKey,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { getTableConfig, SQLiteColumn, type SQLiteTable } from "drizzle-orm/sqlite-core";
import * as tables from "../tables.ts";

const text = customType<{ data: string }>({ dataType: () => 'text collate "C"' });

/** Ids of events are given by a function of the database: see `drizzle/postgres`. */
const GIVEN_BY: Readonly<Record<string, SQL>> = { "events.id": sql`parley_event_id()` };

function columnOf(table: string, column: SQLiteColumn): PgColumnBuilderBase {
  if (column.getSQLType() === "text") {
    let built = text(column.name);
    if (column.notNull) built = built.notNull();
    if (column.default !== undefined) built = built.default(String(column.default));
    return column.primary ? built.primaryKey() : built;
  }
  const given = GIVEN_BY[`${table}.${column.name}`];
  const plain = bigint(column.name, { mode: "number" });
  if (given !== undefined) return plain.default(given).primaryKey();
  if (column.primary) return plain.primaryKey().generatedByDefaultAsIdentity();
  const built = column.notNull ? plain.notNull() : plain;
  return column.default === undefined ? built : built.default(Number(column.default));
}

function inPostgres(table: SQLiteTable) {
  const { name, columns, primaryKeys, indexes } = getTableConfig(table);
  return pgTable(name, Object.fromEntries(columns.map((column) => [column.name, columnOf(name, column)])), (own) => {
    const named = (column: unknown) => {
      const found = is(column, SQLiteColumn) ? own[column.name] : undefined;
      if (found === undefined) throw new Error(`${name}: an index over something else than a column`);
      return found;
    };
    const [first, ...rest] = primaryKeys.map((key) => key.columns.map(named));
    if (rest.length > 0) throw new Error(`${name} has several primary keys`);
    return [
      ...(first === undefined ? [] : [primaryKey({ columns: first as [(typeof first)[0], ...typeof first] })]),
      ...indexes.map(({ config }) => {
        const start = config.unique ? uniqueIndex(config.name) : index(config.name);
        const [head, ...tail] = config.columns.map(named);
        if (head === undefined) throw new Error(`${config.name} is over nothing`);
        const built = start.on(head, ...tail);
        return config.where === undefined ? built : built.where(config.where);
      }),
    ];
  });
}

export const storeInfo = inPostgres(tables.storeInfo);
export const users = inPostgres(tables.users);
export const conversations = inPostgres(tables.conversations);
export const members = inPostgres(tables.members);
export const messages = inPostgres(tables.messages);
export const messageRuns = inPostgres(tables.messageRuns);
export const deletedMessages = inPostgres(tables.deletedMessages);
export const uploads = inPostgres(tables.uploads);
export const mediaUses = inPostgres(tables.mediaUses);
export const userLog = inPostgres(tables.userLog);
export const logRuns = inPostgres(tables.logRuns);
export const devices = inPostgres(tables.devices);
export const friendships = inPostgres(tables.friendships);
export const friendRequests = inPostgres(tables.friendRequests);
export const blocks = inPostgres(tables.blocks);
export const settings = inPostgres(tables.settings);
export const audit = inPostgres(tables.audit);
export const servers = inPostgres(tables.servers);
export const presences = inPostgres(tables.presences);
export const leases = inPostgres(tables.leases);
export const broadcasts = inPostgres(tables.broadcasts);
export const erasures = inPostgres(tables.erasures);
export const events = inPostgres(tables.events);
export const eventReaders = inPostgres(tables.eventReaders);
export const hookDeliveries = inPostgres(tables.hookDeliveries);
export const pushTokens = inPostgres(tables.pushTokens);
export const pushes = inPostgres(tables.pushes);
export const pushLog = inPostgres(tables.pushLog);
export const pushPreferences = inPostgres(tables.pushPreferences);
