import { getTableName } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DEFAULT_SETTINGS } from "../src/engine/settings.ts";
import { LIFETIMES, type Lifetime } from "../src/store/operations/retention.ts";
import * as tables from "../src/store/tables.ts";
import { DAY } from "./support/clock.ts";
import { everythingStored } from "./support/data.ts";
import { createWorld, type World } from "./support/world.ts";

/** Everything that is stored when all that a world holds is past every limit, and swept. */
let planted: Record<string, unknown[]>;
let left: Record<string, unknown[]>;
let world: World;

beforeAll(async () => {
  world = await createWorld();
  planted = everythingStored(world.app);
  world.app.clock.advance(2 * DEFAULT_SETTINGS.auditRetentionDays * DAY);
  // What could not be pushed in all that time is noted now.
  await world.app.server.engine.pushing.settled();
  world.app.clock.advance(2 * DEFAULT_SETTINGS.offlineRetentionDays * DAY);
  await world.app.server.engine.sweep();
  left = everythingStored(world.app);
});
afterAll(() => world.end());

const named = Object.entries(tables).map(([name, table]) => ({
  name: getTableName(table),
  lifetime: LIFETIMES[name as keyof typeof LIFETIMES] as Lifetime | undefined,
}));

test("every table in the file has a lifetime, and a row to try it on", () => {
  const inFile = Object.keys(planted).filter((name) => !name.startsWith("sqlite_") && !name.startsWith("__drizzle"));
  expect(named.map(({ name }) => name).sort()).toEqual(inFile.sort());
  expect(named.filter(({ lifetime }) => lifetime === undefined)).toEqual([]);
  const empty = inFile.filter((name) => planted[name]?.length === 0);
  // Nobody has changed a setting, and no other server uses the file.
  expect(empty.sort()).toEqual(["leases", "presences", "servers", "settings"]);
});

function count(per: Extract<Lifetime, { per: unknown }>["per"], stored: Record<string, unknown[]>): number {
  const users = stored.users?.length ?? 0;
  switch (per) {
    case "store":
      return 1;
    case "user":
      return users;
    case "device":
      return stored.devices?.length ?? 0;
    case "pair of users":
      // With the system, which is no row, and everybody with themselves.
      return ((users + 1) * (users + 2)) / 2;
    case "conversation":
      return stored.conversations?.length ?? 0;
    case "message":
      return stored.messages?.length ?? 0;
    case "setting":
      return Object.keys(DEFAULT_SETTINGS).length;
    case "server":
    case "user and server":
      return 0;
    default:
      return per satisfies never;
  }
}

test.each(named)("the rows of $name live as long as is said: $lifetime", ({ name, lifetime }) => {
  if (lifetime === undefined) throw new Error(`${name} has no lifetime`);
  if ("until" in lifetime) {
    const rows = (left[name] ?? []) as Record<string, unknown>[];
    const stays = name === "devices" ? rows.filter((row) => row.device_id === "default") : [];
    // The newest, from which the next id is counted.
    if (name === "events") stays.push(...rows.slice(-1));
    expect(rows).toEqual(stays);
    return;
  }
  if ("untilExpiry" in lifetime) {
    const rows = (left[name] ?? []) as Record<string, unknown>[];
    expect(rows.filter(({ expires_at: expiresAt }) => expiresAt !== null)).toEqual([]);
    return;
  }
  for (const stored of [planted, left]) {
    expect(stored[name]?.length).toBeLessThanOrEqual(lifetime.atMost * count(lifetime.per, stored));
  }
});
