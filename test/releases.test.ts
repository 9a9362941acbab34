import { copyFileSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { App, Person } from "./support/app.ts";
import { MovableClock } from "./support/clock.ts";
import { openBeside } from "./support/data.ts";
import { RELEASES, type Release } from "./support/released.ts";
import { runsAmiss } from "./support/runs.ts";

const folder = fileURLToPath(RELEASES);
const releases = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name): Release => JSON.parse(readFileSync(join(folder, name), "utf8")));

/** This server on a copy of what a release has left. */
async function startOn(release: Release): Promise<{ app: App; person: (who: string) => Person }> {
  const app = new App({}, new MovableClock(release.at));
  onTestFinished(async () => {
    await app.stop();
    rmSync(app.dataFolder, { recursive: true, force: true });
  });
  copyFileSync(join(folder, `${release.version}.sqlite`), join(app.dataFolder, "parley.sqlite"));
  await app.start();
  return { app, person: (who) => new Person(app, who.split("'")[0] ?? "", release.tokens[who] ?? "") };
}

test("there is a database of this version (`npx tsx test/support/make-fixture.ts` makes it)", () => {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  expect(releases.map((release) => release.version)).toContain(version);
});

describe.each(releases)("a database of $version", (release) => {
  test("is brought up to date, whole", async () => {
    const { app } = await startOn(release);
    await app.server.engine.sweep();
    await app.stop();
    const database = openBeside(app);
    expect(database.pragma("integrity_check", { simple: true })).toBe("ok");
    expect(database.pragma("foreign_key_check")).toEqual([]);
    expect(runsAmiss(database)).toEqual({});
    const { entries } = JSON.parse(
      readFileSync(new URL("../drizzle/sqlite/meta/_journal.json", import.meta.url), "utf8"),
    );
    const applied = database.prepare("select count(*) from __drizzle_migrations").pluck().get();
    expect(applied, "made before its schema changed? make it anew").toBe(entries.length);
    database.close();
  });

  test("answers as it did, before and after the sweeper has run", async () => {
    const { app, person } = await startOn(release);
    for (const swept of [false, true]) {
      if (swept) await app.server.engine.sweep();
      for (const { who, query, variables, data } of release.answers) {
        expect(await person(who).get(query, variables), `${who} asks ${query}`).toMatchObject(data);
      }
    }
  });

  test("hands each device what it had not had, from the cursors that it holds", async () => {
    const { person } = await startOn(release);
    for (const { who, since, handed, refreshed } of release.backlogs) {
      const found = await person(who).sync(since);
      expect(found.handed).toMatchObject(handed);
      expect(found.refreshed).toMatchObject(refreshed);
      await found.socket.cut();
    }
  });

  test("knows each message that is sent once more", async () => {
    const { person } = await startOn(release);
    for (const { who, query, variables, data } of release.repeats) {
      expect(await person(who).get(query, variables)).toMatchObject(data);
    }
  });

  test("keeps from others what was kept from them, and refuses the token of an ended session", async () => {
    const { app, person } = await startOn(release);
    for (const id of release.hidden) {
      for (const who of ["alice", "bob", "dave"]) expect(await person(who).message(id)).toBeNull();
      expect(await person("erin").message(id)).toMatchObject({ id });
    }
    const ended = new Person(app, "dave", release.endedToken);
    expect(await ended.refusal("{ viewer { id } }")).toBe("UNAUTHENTICATED");
  });

  test("goes on: the next message has the next number, and comes live", async () => {
    const { person } = await startOn(release);
    const phone = await person("bob's phone").sync();
    const known = await person("alice").history("bob");
    const sent = await person("alice").send("bob", "after the upgrade");
    expect(sent.seq).toBe(known.at(-1)?.seq + 1);
    expect(await phone.messages.next()).toMatchObject({ source: "LIVE", message: { id: sent.id } });
  });
});
