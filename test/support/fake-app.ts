/** An app's back end on this machine, with the hooks that Parley asks and tells. It checks every signature. */
import { Webhook } from "standardwebhooks";
import { expect } from "vitest";
import { hooksConfig } from "../../src/hooks/config.ts";
import type { ServerOptions } from "../../src/server/server.ts";
import { type App, startApp } from "./app.ts";
import { type Asked, FakeVendor, type Fate } from "./push/fake-vendor.ts";
import type { Data } from "./socket.ts";

export const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

export interface HookCall {
  readonly id: string;
  readonly type: string;
  readonly timestamp: string;
  readonly data: Data;
}

export class FakeApp extends FakeVendor {
  /** What it was told, each time that it answered that it took it. */
  readonly taken: HookCall[] = [];
  readonly questions: HookCall[] = [];
  /** What it says to a message. */
  judge: (question: HookCall) => Fate | Promise<Fate> = () => ({ status: 204 });
  /** What it says to an event, where `fates` has nothing for it. */
  receive: (call: HookCall) => Fate = () => ({ status: 204 });

  protected override async answer(asked: Asked): Promise<Fate> {
    const headers = Object.fromEntries(Object.entries(asked.headers).map(([name, value]) => [name, String(value)]));
    // Its clock is the machine's, and that of tests is not.
    expect(Number(headers["webhook-timestamp"])).toBeGreaterThan(1_600_000_000);
    const signed = new Webhook(SECRET).sign(
      headers["webhook-id"] ?? "",
      new Date(Number(headers["webhook-timestamp"]) * 1_000),
      asked.body,
    );
    expect(headers["webhook-signature"]?.split(" ")).toContain(signed);
    const call: HookCall = { id: headers["webhook-id"], ...JSON.parse(asked.body) };
    if (asked.path === "/before-send") {
      this.questions.push(call);
      return this.judge(call);
    }
    const fate = this.fates.shift() ?? this.receive(call);
    if (typeof fate === "object" && (fate.status ?? 200) < 300) this.taken.push(call);
    return fate;
  }

  endpoint(path: string): object {
    return { url: `${this.url}${path}`, secrets: [SECRET], internal: true };
  }

  /** Resolves with what was taken, once that is so much. */
  async untilTaken(count: number): Promise<readonly HookCall[]> {
    await expect.poll(() => this.taken.length, { interval: 5, timeout: 10_000 }).toBe(count);
    return this.taken;
  }
}

/** A server whose app is asked before each send. */
export async function startAsking(more: object = {}, options: Partial<ServerOptions> = {}): Promise<[App, FakeApp]> {
  const fake = await new FakeApp().start();
  const beforeSend = { endpoint: fake.endpoint("/before-send"), onFailure: "refuse", ...more };
  return [await startApp({ hooks: hooksConfig.parse({ beforeSend }), ...options }), fake];
}

/** A server whose app is told what happens. */
export async function startTelling(more: object = {}, options: Partial<ServerOptions> = {}): Promise<[App, FakeApp]> {
  const fake = await new FakeApp().start();
  const events = [{ name: "app", endpoint: fake.endpoint("/events"), ...more }];
  return [await startApp({ hooks: hooksConfig.parse({ events }), ...options }), fake];
}
