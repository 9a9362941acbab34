/**
 * The disk runs full under load, the server is started anew while it is, and there is room again. A write that does not
 * fit is refused with UNAVAILABLE and has not happened; reading goes on, and nobody needs to do anything afterwards.
 */
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { signAppToken } from "../../../src/server/tokens.ts";
import { makeSmallDisk, mayMount } from "../../support/small-disk.ts";
import { Client, pause, Unanswered } from "../client.ts";
import type { Trial } from "../findings.ts";
import { SECRET } from "../server-process.ts";
import { underLoad } from "../under-load.ts";

const DISK_MEGABYTES = 64;
const PATIENCE_MS = 30_000;
const WRITE = `mutation ($text: String!) { sendMessage(input: { to: "prober", content: { text: { text: $text } } }) {
  ... on SendMessageSuccess { message { id } } ... on Error { code } } }`;
const READ = '{ history(peer: "prober", last: 1) { nodes { id } } }';

/** Writes until not a byte more fits; what the server gives free meanwhile is taken too. */
function fill(path: string): void {
  const file = openSync(path, "a");
  try {
    for (const size of [65_536, 4_096, 1]) {
      try {
        for (;;) writeSync(file, Buffer.alloc(size));
      } catch (error) {
        if (!String(error).includes("ENOSPC")) throw error;
      }
    }
  } finally {
    closeSync(file);
  }
}

/** Fills the disk until writes are refused; null where they are not in the end. */
async function fillUntilRefused(ballast: string, prober: Client): Promise<boolean> {
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline) {
    fill(ballast);
    try {
      await prober.ask(WRITE, { text: "x".repeat(10_000) });
    } catch (error) {
      if (error instanceof Unanswered && error.nothingHappened) return true;
      if (!(error instanceof Unanswered)) throw error;
    }
    await pause();
  }
  return false;
}

export const fullDisk: Trial = {
  name: "full disk under load",
  unavailable: () => (mayMount ? null : "only root on Linux can mount a small disk"),
  async run(scale) {
    const disk = makeSmallDisk(DISK_MEGABYTES);
    const ballast = join(disk.folder, "ballast");
    try {
      return await underLoad({
        dataFolder: disk.folder,
        // The sweeper may find no room.
        errorsExpected: true,
        async faults(world) {
          const token = await signAppToken(SECRET, "prober", "user", Date.now() + 86_400_000);
          const prober = new Client(world.address, token);
          await prober.insist("{ viewer { id } }");
          for (let round = 0; round < scale.pick(6, 60); round += 1) {
            await world.load.untilAcknowledged(50);
            if (!(await fillUntilRefused(ballast, prober))) world.breach("the disk is full, and nothing was refused");
            world.fault("full disk");
            await prober.ask(READ);
            if (round % 2 === 1) {
              await world.server.end("SIGKILL");
              await world.restart();
              world.fault("start on a full disk");
              await prober.ask(READ);
            }
            rmSync(ballast);
          }
        },
      });
    } finally {
      disk.remove();
    }
  },
};
