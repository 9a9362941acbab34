/** A server that pushes through a fake of FCM, and phones whose apps are closed. */
import { expect } from "vitest";
import { pushConfig } from "../../../src/push/config.ts";
import type { ServerOptions } from "../../../src/server/server.ts";
import { type App, type Person, startApp } from "../app.ts";
import type { Data } from "../socket.ts";
import { FakeFcm } from "./fake-fcm.ts";
import { clock } from "./notifications.ts";

export const DELAY_MS = 4_000;

export const REGISTER = `mutation Register($input: RegisterPushTokenInput!) {
  registerPushToken(input: $input) { pushToken { vendor environment language } } }`;

/** What a phone was told. */
export interface Told {
  readonly token: string;
  readonly title: string | null;
  readonly body: string | null;
  readonly badge: number | null;
  readonly tag: string;
  readonly data: Readonly<Record<string, string>>;
  /** Whether it was told to show something no longer. */
  readonly withdrawn: boolean;
}

export class Phones {
  readonly app: App;
  readonly fake: FakeFcm;

  constructor(app: App, fake: FakeFcm) {
    this.app = app;
    this.fake = fake;
  }

  /** A phone of this user, which has logged in and registered its token; its app is closed. */
  async phone(user: string, token = `token of ${user}`, more: object = {}): Promise<Person> {
    const person = await (await this.app.person(user)).login(`phone of ${user}`, "ANDROID");
    await register(person, token, more);
    return person;
  }

  /** All that was told so far. */
  get told(): Told[] {
    return this.fake.at("/v1/").map(({ body }) => {
      const { message } = JSON.parse(body);
      const { token, notification = {}, android = {}, data = {} } = message;
      const tag = android.notification?.tag ?? data.withdraw ?? "";
      const { title = null, body: text = null } = notification;
      const badge = android.notification?.notification_count ?? (data.badge === undefined ? null : Number(data.badge));
      return { token, title, body: text, badge, tag, data, withdrawn: data.withdraw !== undefined };
    });
  }

  /** Lets as much time go by as a device has to acknowledge a message. */
  pass(ms = DELAY_MS): void {
    this.app.clock.advance(ms);
  }

  /** Resolves with all that was told, once that is so much. */
  async untilTold(count: number): Promise<Told[]> {
    await expect.poll(() => this.told.length, { interval: 5, timeout: 10_000 }).toBe(count);
    return this.told;
  }

  /** Resolves with what became of a user's pushes, the oldest first, once there is so much of it. */
  async untilReported(user: string, count: number): Promise<Data[]> {
    const admin = await this.app.admin();
    const read = async () => {
      const query = `query Report($user: ID!) { pushReport(user: $user, last: 200) { outcome reason messageId vendor deviceId } }`;
      return (await admin.get(query, { user })).pushReport.toReversed();
    };
    await expect.poll(async () => (await read()).length, { interval: 5, timeout: 10_000 }).toBe(count);
    return read();
  }
}

export async function register(person: Person, token: string, more: object = {}): Promise<Data> {
  return (await person.get(REGISTER, { input: { vendor: "FCM", token, ...more } })).registerPushToken.pushToken;
}

export async function startPhones(more: object = {}, options: Partial<ServerOptions> = {}): Promise<Phones> {
  const fake = await new FakeFcm().start();
  const push = pushConfig.parse({ fcm: fake.config, delaySeconds: DELAY_MS / 1_000, ...more });
  return new Phones(await startApp({ push, ...options }, clock), fake);
}
