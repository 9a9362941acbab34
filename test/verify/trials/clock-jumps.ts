/**
 * The machine's clock is set forward and back by hours and days, while the server runs under load and before it starts,
 * with libfaketime. Order, delivery and idempotency go by no clock; nothing is erased before its time; a token ends when
 * the clock says so.
 */
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { signAppToken } from "../../../src/server/tokens.ts";
import { Socket } from "../../support/socket.ts";
import type { Trial } from "../findings.ts";
import { SECRET } from "../server-process.ts";
import { underLoad, type World } from "../under-load.ts";

/** Where the clock stands against the true time, one after the other. */
const OFFSETS = ["+8d", "+0d", "-8d", "+0d", "+2h", "-2h", "+0d"];
const DAY_MS = 86_400_000;
/** A jump is noticed within half a minute; a busy machine takes its time. */
const NOTICE_MS = 90_000;

function library(): string | null {
  const root = "/usr/lib";
  if (!existsSync(root)) return null;
  const places = readdirSync(root).map((name) => join(root, name, "faketime", "libfaketime.so.1"));
  return places.find((path) => existsSync(path)) ?? null;
}

/** Sets the clock of every process that looks at this file. */
function setClock(file: string, offset: string): void {
  writeFileSync(`${file}.new`, `${offset}\n`);
  renameSync(`${file}.new`, file);
}

/** Opens a socket whose token ends in a day, and gives its close code; null where it is not closed. */
async function connectForADay(world: World): Promise<() => Promise<number | null>> {
  const token = await signAppToken(SECRET, "guest", "user", Date.now() + DAY_MS);
  const socket = new Socket(world.server.url, { authorization: `Bearer ${token}` });
  await socket.opened;
  return async () => {
    let timer: NodeJS.Timeout | undefined;
    const never = new Promise<null>((resolve) => {
      timer = setTimeout(resolve, NOTICE_MS, null);
    });
    const code = await Promise.race([socket.closed.then((closed) => closed.code), never]);
    clearTimeout(timer);
    return code;
  };
}

export const clockJumps: Trial = {
  name: "clock jumps under load",
  unavailable: () => (library() === null ? "libfaketime is not installed" : null),
  async run(scale) {
    const folder = mkdtempSync(join(tmpdir(), "parley-clock-"));
    const file = join(folder, "clock");
    setClock(file, "+0d");
    const env = {
      LD_PRELOAD: library() ?? "",
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
    try {
      return await underLoad({
        env,
        paceMs: 30,
        errorsExpected: true,
        mayMiss: true,
        async faults(world) {
          for (let round = 0; round < scale.pick(1, 20); round += 1) {
            for (const offset of OFFSETS) {
              const closed = offset === "+8d" ? await connectForADay(world) : null;
              setClock(file, offset);
              world.fault(`clock at ${offset}`);
              if (closed !== null) {
                const code = await closed();
                if (code !== 4403) world.breach(`a token that has run out: the socket was closed with ${code}`);
                if (!world.server.log.includes("the clock is not where it should be")) {
                  world.breach(`the clock jumped to ${offset}, and nothing was logged`);
                }
              }
              await world.load.untilAcknowledged(40);
              // A start sweeps at once, by the clock that it finds.
              await world.server.end("SIGKILL");
              await world.restart();
              await world.load.untilAcknowledged(40);
            }
          }
        },
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
