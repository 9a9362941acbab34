/** What the kernel knows of processes and of the machine (Linux), and where processes run. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";

/** Of Linux on all machines that Node runs on. */
const TICKS_PER_SECOND = 100;

/** The server has one processor and the load another, where there are two and something to pin with. */
export const canPin = availableParallelism() > 1 && existsSync("/usr/bin/taskset");
const SERVER_PROCESSOR = "0";
const LOAD_PROCESSOR = "1";

/** The command as it runs on the server's processor. */
export function onServerProcessor(command: readonly string[]): readonly string[] {
  return canPin ? ["taskset", "-c", SERVER_PROCESSOR, ...command] : command;
}

export function pinLoad(): void {
  if (canPin) execFileSync("taskset", ["-acp", LOAD_PROCESSOR, String(process.pid)], { stdio: "ignore" });
}

/** Empty where the process has ended. */
function readOf(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}

/** With what the processes had used that it started, and that have ended. */
function ticksOf(pid: number): number {
  const stat = readOf(pid, "stat");
  // The name, in parentheses, may hold spaces.
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 15)
    .map(Number);
  return user + system + endedUser + endedSystem;
}

/** Processor seconds that processes, and all below them, have used, in the program and in the kernel. */
export function cpuSeconds(pids: readonly number[]): number {
  return allBelow(pids).reduce((sum, pid) => sum + ticksOf(pid), 0) / TICKS_PER_SECOND;
}

/** Processor seconds that anything on this machine has used, or that were taken from it. */
export function machineSeconds(): number {
  const line = readFileSync("/proc/stat", "utf8").split("\n")[0] ?? "";
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line.split(/ +/).slice(1).map(Number);
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND;
}

/** Memory that would be free without these processes and all below them, in KiB: what they share counts in part. */
export function memoryKib(pids: readonly number[]): number {
  return allBelow(pids).reduce((sum, pid) => {
    return sum + Number(/^Pss:\s+(\d+) kB/m.exec(readOf(pid, "smaps_rollup"))?.[1] ?? 0);
  }, 0);
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Processes below one, itself included. */
export function processTree(pid: number): number[] {
  const children = threadsOf(pid).flatMap((thread) => readOf(pid, `task/${thread}/children`).split(" "));
  return [pid, ...children.filter((child) => child !== "").flatMap((child) => processTree(Number(child)))];
}

function allBelow(pids: readonly number[]): number[] {
  return [...new Set(pids.flatMap(processTree))];
}

/** The machine in one line. */
export function describeMachine(): string {
  const model = /model name\s*: (.*)/.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? "unknown processor";
  const memory = Number(/MemTotal:\s+(\d+)/.exec(readFileSync("/proc/meminfo", "utf8"))?.[1] ?? 0) / 1_048_576;
  const kernel = readFileSync("/proc/sys/kernel/osrelease", "utf8").trim();
  const pinned = canPin ? "server on one processor, load on another" : "nothing pinned";
  return `${cpus().length} × ${model}, ${memory.toFixed(0)} GiB, Linux ${kernel}, Node ${process.version}, ${pinned}`;
}
