/** Before the tests that run on PostgreSQL: one server for them all, fast since nobody cuts its power. */
import type { TestProject } from "vitest/node";
import { Postgres } from "./postgres.ts";

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await Postgres.create("fsync=off");
  project.provide("postgres", server.url);
  return () => server.remove();
}
