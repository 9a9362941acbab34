/** Has files looked into by another process, one at a time, which is given up where it takes too long or dies. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { type MediaFacts, type MediaInspector, type MediaKind, UnfitMedia } from "../engine/media.ts";
import type { Answer, Question } from "./inspection.ts";

export interface InspectorOptions {
  /** Milliseconds that one file may take. Default 30,000. */
  readonly patienceMs?: number;
}

const PATIENCE = 30_000;
/** MiB of memory for what is not pixels. */
const MEMORY = 512;
const isSource = import.meta.url.endsWith(".ts");
const ENTRY = new URL(isSource ? "./inspection.ts" : "./inspection.js", import.meta.url);

function start(): ChildProcess {
  const execArgv = [`--max-old-space-size=${MEMORY}`, ...(isSource ? ["--import", "tsx"] : [])];
  const child = fork(ENTRY, {
    execArgv,
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    env: {},
  });
  // It does not keep the server alive.
  child.unref();
  child.channel?.unref();
  return child;
}

export function createInspector({ patienceMs = PATIENCE }: InspectorOptions = {}): MediaInspector {
  let child: ChildProcess | null = null;
  let turn: Promise<unknown> = Promise.resolve();
  let closed = false;

  function drop(): void {
    child?.kill("SIGKILL");
    child = null;
  }

  /** The process, which may die between two files as well. */
  function startOne(): ChildProcess {
    const started = start();
    const forget = () => {
      if (child === started) child = null;
    };
    started.on("exit", forget).on("error", forget);
    child = started;
    return started;
  }

  /** @throws UnfitMedia where the process did not survive it */
  async function ask(question: Question): Promise<Answer> {
    if (closed) throw new Error("the inspector is closed");
    const asked = child ?? startOne();
    const done = new AbortController();
    asked.channel?.ref();
    const timer = setTimeout(drop, patienceMs);
    try {
      const answered = once(asked, "message", { signal: done.signal });
      const died = once(asked, "exit", { signal: done.signal });
      // The other one of the race is given up.
      answered.catch(() => {});
      died.catch(() => {});
      asked.send(question);
      const said = await Promise.race([answered, died.then(() => null)]);
      if (said !== null) return said[0] as Answer;
      if (closed) throw new Error("the inspector is closed");
      throw new UnfitMedia("It could not be read: it is damaged, or takes too long.");
    } finally {
      clearTimeout(timer);
      done.abort();
      asked.channel?.unref();
    }
  }

  async function inspect(path: string, kind: MediaKind, folder: string): Promise<MediaFacts> {
    const answer = await ask({ path, kind, folder });
    if ("facts" in answer) return answer.facts;
    if ("unfit" in answer) throw new UnfitMedia(answer.unfit);
    throw new Error(`an upload could not be looked into: ${answer.failed}`);
  }

  return {
    inspect(path, kind, folder) {
      const result = turn.then(() => inspect(path, kind, folder));
      turn = result.catch(() => {});
      return result;
    },
    async close() {
      closed = true;
      drop();
      await turn;
    },
  };
}
