/** What the server does beside serving: erasing what is past its time, and being copied. It must not be felt. */
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import Sqlite from "better-sqlite3";
import { fill, PAIRS } from "../fill.ts";
import { HttpConnection } from "../load/http.ts";
import { Traffic } from "../load/traffic.ts";
import { type RunningParley, startParley, tokenFor } from "../systems/parley.ts";
import type { Entrant, Scale, Values, Workload } from "./workload.ts";

const RATE = 1_000;
const DAY_MS = 86_400_000;
const ONE_DAY = `mutation { updateSettings(input: { offlineRetentionDays: 1, roamingRetentionDays: 1 }) { settings { friendsOnly } } }`;
const BACK_UP = `mutation BackUp($name: String) { backUp(input: { name: $name }) { backup { state } } }`;
const STATE = `query State($name: String) { backups(name: $name) { state failure } }`;
const ASK_AGAIN_MS = 100;

function ask({ http, token }: Operator, query: string, variables: object = {}): Promise<string> {
  return new Promise((resolve) => http.post("/graphql", token, JSON.stringify({ query, variables }), resolve));
}

interface Operator {
  readonly http: HttpConnection;
  readonly token: string;
}

async function openOperator(port: number): Promise<Operator> {
  return { http: await HttpConnection.open(port), token: tokenFor("operator", "admin") };
}

/** Has the server back itself up again and again; the function that it gives stops. */
async function backUpAllTheTime({ port }: RunningParley): Promise<() => Promise<void>> {
  const operator = await openOperator(port);
  let stopped = false;
  const over = (async () => {
    for (let backup = 1; !stopped; backup += 1) {
      const name = `backup-${backup}.sqlite`;
      const begun = await ask(operator, BACK_UP, { name });
      if (!begun.includes('"state"')) throw new Error(`no backup: ${begun}`);
      for (let state = ""; !stopped && !state.includes('"DONE"'); await pause(ASK_AGAIN_MS)) {
        state = await ask(operator, STATE, { name });
        if (state.includes('"FAILED"')) throw new Error(`no backup: ${state}`);
      }
    }
  })();
  return async () => {
    stopped = true;
    await over;
    operator.http.close();
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
  const operator = await openOperator(running.port);
  await ask(operator, ONE_DAY);
  operator.http.close();
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
      const stopCopying = is === "copied" ? await backUpAllTheTime(running) : async () => {};
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
