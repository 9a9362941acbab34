/** Before the tests that run on PostgreSQL: one server for them all, fast since nobody cuts its power. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { openDatabase } from "../../src/store/open.ts";
import { makeEmptyDatabase, Postgres, TEMPLATE } from "./postgres.ts";

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await Postgres.create("fsync=off");
  await makeEmptyDatabase(server.url, TEMPLATE);
  const dataFolder = mkdtempSync(join(tmpdir(), "parley-template-"));
  const template = await openDatabase({
    postgres: { url: new URL(TEMPLATE, server.url).href, connections: 2, unsafe: true },
    dataFolder,
    backupFolder: null,
    observer: { committed() {}, failed() {} },
    onTrouble() {},
  });
  await template.close();
  rmSync(dataFolder, { recursive: true });
  project.provide("postgres", server.url);
  return () => server.remove();
}
