/** What the kernel knows of a process (Linux). */
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { pause } from "./client.ts";

/** Why facts cannot be had here; null where they can. */
export function noProcessFacts(): string | null {
  return existsSync("/proc/self/fd") ? null : "needs /proc of Linux";
}

/** Resident memory, in MiB. */
export function residentMib(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1_024;
}

export function openSockets(pid: number): number {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return "closed meanwhile";
    }
  });
  return links.filter((link) => link.startsWith("socket:")).length;
}

/** Waits until no more than this many sockets are open; false where that takes longer than a minute. */
export async function untilSockets(pid: number, most: number): Promise<boolean> {
  const deadline = performance.now() + 60_000;
  while (openSockets(pid) > most) {
    if (performance.now() > deadline) return false;
    await pause(100);
  }
  return true;
}
