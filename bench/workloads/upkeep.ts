/** What the server does beside serving: erasing what is past its time, and being copied. It must not be felt. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { fill, PAIRS } from "../fill.ts";
import { HttpConnection } from "../load/http.ts";
import { Traffic } from "../load/traffic.ts";
import { startParley, tokenFor } from "../systems/parley.ts";
import type { Entrant, Scale, Values, Workload } from "./workload.ts";

const RATE = 1_000;
const DAY_MS = 86_400_000;
const ONE_DAY = `mutation { updateSettings(input: { offlineRetentionDays: 1, roamingRetentionDays: 1 }) { settings { friendsOnly } } }`;
const VACUUM = `
  const Sqlite = require("better-sqlite3");
  const [, from, to] = process.argv;
  new Sqlite(from, { readonly: true }).prepare("vacuum into ?").run(to);
`;

/** Copies the living file again and again, each time in one statement of SQLite; the function that it gives stops. */
function copyAllTheTime(folder: string): () => Promise<void> {
  let stopped = false;
  let child: ReturnType<typeof spawn> | null = null;
  const over = (async () => {
    for (let copy = 1; !stopped; copy += 1) {
      const parameters = [join(folder, "parley.sqlite"), join(folder, `copy-${copy}.sqlite`)];
      // Beside the load: it is another program's work, and the server's processor is the server's.
      child = spawn("nice", [process.execPath, "-e", VACUUM, ...parameters], { stdio: "inherit" });
      const [code] = await once(child, "exit");
      if (code !== 0 && !stopped) throw new Error("the copy failed");
    }
  })();
  return async () => {
    stopped = true;
    child?.kill();
    await over;
  };
}

/** Whether there is still something to be swept: messages older than a day. */
function isBeingSwept(folder: string): boolean {
  const file = new Sqlite(join(folder, "parley.sqlite"), { readonly: true });
  const oldest = file.prepare<[], number>("select min(oldest_at) from message_runs").pluck().get() ?? Date.now();
  file.close();
  return oldest < Date.now() - DAY_MS;
}

async function setRetention(folder: string): Promise<void> {
  const running = await startParley(folder);
  const http = await HttpConnection.open(running.port);
  await new Promise((resolve) =>
    http.post("/graphql", tokenFor("operator", "admin"), JSON.stringify({ query: ONE_DAY }), resolve),
  );
  http.close();
  await running.stop();
}

type Upkeep = "quiet" | "swept" | "copied";

function whileIt(is: Upkeep): Entrant {
  return {
    system: is,
    async run(folder, { seconds, historyMessages }): Promise<Values> {
      await fill(folder, historyMessages);
      if (is === "swept") await setRetention(folder);
      const running = await startParley(folder);
      const stopCopying = is === "copied" ? copyAllTheTime(folder) : async () => {};
      try {
        const traffic = new Traffic(running);
        await traffic.open("pair", PAIRS);
        const { p50, p99, cpu } = await traffic.fixedRate(RATE, 1_000, seconds * 2_000);
        if (is === "swept" && !isBeingSwept(folder)) throw new Error("all was swept before it was measured");
        await traffic.close();
        return { p50, p99, CPU: cpu };
      } finally {
        await stopCopying();
        await running.stop();
      }
    },
  };
}

export function upkeep({ historyMessages }: Scale): Workload {
  return {
    name: "upkeep",
    title: `${RATE.toLocaleString("en")} messages a second, ${historyMessages.toLocaleString("en")} stored, while the store is swept or copied`,
    figures: [
      { name: "p50", unit: "ms", better: "less" },
      { name: "p99", unit: "ms", better: "less" },
      { name: "CPU", unit: "s/10,000", better: "less" },
    ],
    entrants: [whileIt("quiet"), whileIt("swept"), whileIt("copied")],
    reference: "quiet",
  };
}
