/** Before the tests that run on PostgreSQL: one server for them all, fast since nobody cuts its power. */
import type { TestProject } from "vitest/node";
import { Postgres } from "./postgres.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** URL of PostgreSQL, for tests that run on it. */
    postgres: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await Postgres.create("fsync=off");
  project.provide("postgres", server.url);
  return () => server.remove();
}
