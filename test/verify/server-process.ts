/** The built server as a process of its own, to be killed, stopped and starved. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export const SECRET = "a secret of the app that only the verification knows";

export interface ProcessOptions {
  readonly dataFolder: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Puts the command into another one, such as a tracer. */
  readonly wrap?: (command: readonly string[]) => readonly string[];
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class ServerProcess {
  readonly url: string;
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #log: string[];
  #mayEnd = false;

  private constructor(url: string, child: ChildProcess, exited: Promise<Exit>, log: string[]) {
    this.url = url;
    this.exited = exited;
    this.#child = child;
    this.#log = log;
    const end = () => child.kill("SIGKILL");
    process.once("exit", end);
    void exited.then(() => process.off("exit", end));
  }

  /**
   * Starts `dist/main.js` and waits until it listens.
   * @throws Error with what it wrote where it does not
   */
  static async start({ dataFolder, env = {}, wrap = (command) => command }: ProcessOptions) {
    const [program = "", ...parameters] = wrap([process.execPath, "dist/main.js"]);
    const child = spawn(program, parameters, {
      env: {
        PATH: process.env.PATH,
        NODE_ENV: "production",
        PARLEY_PORT: "0",
        PARLEY_DATA: dataFolder,
        PARLEY_SECRET: SECRET,
        PARLEY_SEND_RATE: "0",
        PARLEY_READ_RATE: "0",
        PARLEY_LOGIN_RATE: "0",
        PARLEY_LOG_LEVEL: "warn",
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const log: string[] = [];
    child.stderr.on("data", (text: Buffer) => log.push(text.toString()));
    const exited = once(child, "exit").then(([code, signal]): Exit => ({ code, signal }));
    for await (const line of createInterface({ input: child.stdout })) {
      const url = /listening on (http:\S+)/.exec(line)?.[1];
      // What it prints later is not read, and is little.
      if (url !== undefined) return new ServerProcess(url, child, exited, log);
    }
    const { code, signal } = await exited;
    throw new Error(`the server did not start (${code ?? signal}): ${log.join("")}`);
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error("the server is not running");
    return this.#child.pid;
  }

  /** What it has written to standard error. */
  get log(): string {
    return this.#log.join("");
  }

  /** Lines of the log at the levels error and fatal. */
  get errors(): string[] {
    return this.log.split("\n").filter((line) => /"level":[56]0/.test(line));
  }

  /** Whether its end, should it come, is what was asked for. */
  get mayEnd(): boolean {
    return this.#mayEnd;
  }

  /** From now on its end is no crash. */
  allowEnd(): void {
    this.#mayEnd = true;
  }

  /** Sends a signal and waits for the end. */
  async end(signal: "SIGKILL" | "SIGTERM"): Promise<Exit> {
    this.#mayEnd = true;
    this.#child.kill(signal);
    return this.exited;
  }
}
