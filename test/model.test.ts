/** Random sequences of what people do, done to a server and to the model of the product, which must agree. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { startApp } from "./support/app.ts";
import { DAY, HOUR, MINUTE } from "./support/clock.ts";
import type { ModelDevice, ModelMessage, Sending } from "./support/model.ts";
import { World } from "./support/model-world.ts";
import { runs, timeFor } from "./support/scale.ts";
import { tally } from "./support/tally.ts";

/** Does something to the server and to the model and compares the answers; it says first what it does. */
type Step = (world: World, say: (what: string) => void) => Promise<void>;

class Command implements fc.AsyncCommand<object, World> {
  readonly #step: Step;

  constructor(step: Step) {
    this.#step = step;
  }

  check(): boolean {
    return true;
  }

  async run(_: object, world: World): Promise<void> {
    await this.#step(world, (what) => world.script.push(what));
    await world.compareHanded();
  }

  toString(): string {
    return "step";
  }
}

const number = fc.nat(1_000);
/** Some meet more often than others. */
const user = fc.constantFrom("alice", "alice", "bob", "bob", "carol");
const yes = fc.boolean();
/** Mostly a friendly one. */
const addressee = fc.oneof(
  { weight: 12, arbitrary: user },
  { weight: 1, arbitrary: fc.constantFrom("nobody", "system") },
);
const peer = fc.oneof({ weight: 5, arbitrary: user }, { weight: 1, arbitrary: fc.constant("system") });
const deviceOf = fc.tuple(user, fc.constantFrom("phone", "laptop"));

function chosen<T>(list: readonly T[], which: number): T | undefined {
  // The latest are the likeliest to be of interest.
  return list[list.length - 1 - (which % Math.max(1, Math.min(list.length, 12)))];
}

function shortly(message: ModelMessage): string {
  return `"${message.sentText}" (${message.sender} to ${message.recipient})`;
}

/** A step of one device; nothing where it is not signed in. */
function by<T extends unknown[]>(
  arguments_: fc.Arbitrary<T>,
  step: (world: World, device: ModelDevice, say: (what: string) => void, ...values: T) => Promise<void>,
): fc.Arbitrary<Command> {
  return fc.tuple(deviceOf, arguments_).map(
    ([[name, deviceName], values]) =>
      new Command(async (world, say) => {
        const device = world.model.user(name).devices.find((one) => one.name === deviceName);
        if (device?.signedIn !== true) return;
        await step(world, device, (what) => say(`${device.says} ${what}`), ...values);
      }),
  );
}

async function sendAndCompare(world: World, device: ModelDevice, sending: Sending): Promise<void> {
  const { text, key, lifetimeSeconds, syncToSender } = sending;
  const more = { clientMessageId: key, lifetimeSeconds, syncToSender };
  const answer = await world.person(device).trySend(world.id(sending.to), text, more);
  const expected = world.model.send(device.user.name, device.name, sending);
  compareSent(answer, expected, device.user.name, world);
}

function compareSent(
  answer: Record<string, unknown>,
  expected: ReturnType<World["model"]["send"]>,
  sender: string,
  { model }: World,
): void {
  if ("code" in expected) expect(answer).toMatchObject({ code: expected.code });
  else if ("transient" in expected) expect(answer).toMatchObject({ duplicate: false, message: { seq: 0 } });
  else {
    const { message, duplicate } = expected;
    const text = model.textSeenBy(message, sender);
    const content = text === null ? null : { summary: text };
    expect(answer).toMatchObject({ duplicate, message: { seq: message.seq, clientMessageId: message.key, content } });
  }
}

function messageOf(world: World, name: string, which: number): ModelMessage | undefined {
  const around = world.model.messages.filter(({ conversation }) => conversation.pair.includes(name));
  // Sometimes one that is none of this user's.
  return which % 15 === 0 ? chosen(world.model.messages, which) : chosen(around, which);
}

const KEYS = ["k1", "k2", "k3"];
const send = by(
  fc.tuple(addressee, fc.option(fc.constantFrom(...KEYS), { freq: 3 }), fc.nat(9)),
  async (world, device, say, to, key, kind) => {
    const lifetimeSeconds = ({ 0: 0, 1: 3_600 } as Record<number, number>)[kind];
    // Whether a key of what is not kept is remembered nobody promises.
    const sending: Sending = {
      to,
      text: world.newText(),
      key: lifetimeSeconds === 0 ? undefined : (key ?? undefined),
      lifetimeSeconds,
      syncToSender: kind === 2 ? false : undefined,
    };
    const lifetime = lifetimeSeconds === undefined ? "" : ` for ${lifetimeSeconds} s`;
    say(`sends "${sending.text}" to ${to}${lifetime}${sending.key === undefined ? "" : ` (key ${key})`}`);
    await sendAndCompare(world, device, sending);
  },
);

const sendAgain = by(
  fc.tuple(number, fc.constantFrom("the same", "other")),
  async (world, device, say, which, text) => {
    const own = world.model.messages.filter(({ sender, key }) => sender === device.user.name && key !== null);
    const message = chosen(own, which);
    if (message === undefined) return;
    const sending = {
      to: message.recipient,
      text: text === "other" ? world.newText() : message.sentText,
      key: message.key ?? undefined,
    };
    say(`sends "${sending.text}" to ${sending.to} with the used key ${sending.key}`);
    await sendAndCompare(world, device, sending);
  },
);

const sendTwiceAtOnce = by(fc.tuple(user), async (world, device, say, to) => {
  const text = world.newText();
  const sending = { to, text, key: `of ${text}` };
  say(`sends "${text}" to ${to} twice at once (key ${sending.key})`);
  const more = { clientMessageId: sending.key };
  const person = world.person(device);
  const answers = await Promise.all([0, 1].map(() => person.trySend(world.id(to), text, more)));
  const expected = [0, 1].map(() => world.model.send(device.user.name, device.name, sending));
  answers.sort((a, b) => Number(a.duplicate ?? false) - Number(b.duplicate ?? false));
  for (const [index, answer] of answers.entries()) {
    compareSent(answer, expected[index] ?? { code: "" }, device.user.name, world);
  }
});

const sendAs = by(fc.tuple(user, yes), async (world, device, say, to, admin) => {
  const text = world.newText();
  const sender = device.user.name;
  if (admin) {
    say(`sits still, anna sends "${text}" to ${to} as ${sender}`);
    const answer = await world.anna.trySend(world.id(to), text, { sendAs: world.id(sender) });
    compareSent(answer, world.model.send(sender, null, { to, text }, true), sender, world);
  } else {
    say(`sends as ${to}`);
    const answer = await world.person(device).trySend(world.id(to), text, { sendAs: world.id(to) });
    expect(answer).toMatchObject({ code: "FORBIDDEN" });
  }
});

const recall = by(fc.tuple(number, fc.nat(5)), async (world, device, say, which, who) => {
  const message = messageOf(world, device.user.name, which);
  if (message === undefined) return;
  const admin = who === 0;
  say(`${admin ? "sits still, anna" : ""} recalls ${shortly(message)}`);
  const id = await world.idOf(message);
  const answer = await (admin ? world.anna : world.person(device)).recall(id);
  const refusal = world.model.recall(device.user.name, message, admin);
  if (refusal === null) expect(answer).toMatchObject({ message: { content: null } });
  else expect(answer).toMatchObject({ code: refusal });
});

const edit = by(fc.tuple(number), async (world, device, say, which) => {
  const message = messageOf(world, device.user.name, which);
  if (message === undefined) return;
  const text = world.newText();
  say(`edits ${shortly(message)} to "${text}"`);
  const answer = await world.person(device).edit(await world.idOf(message), text);
  const refusal = world.model.edit(device.user.name, message, text);
  if (refusal === null) expect(answer).toMatchObject({ message: { content: { summary: text } } });
  else expect(answer).toMatchObject({ code: refusal });
});

const markRead = by(fc.tuple(peer, fc.option(fc.nat(8))), async (world, device, say, of, upTo) => {
  say(`reads what ${of} wrote${upTo === null ? "" : ` up to ${upTo}`}`);
  await world.person(device).markRead(world.id(of), upTo ?? undefined);
  world.model.markRead(device.user.name, device.name, of, upTo ?? undefined);
});

const remove = by(fc.tuple(number, number), async (world, device, say, ...which) => {
  const messages = which.flatMap((one) => messageOf(world, device.user.name, one) ?? []);
  if (messages.length === 0) return;
  say(`deletes ${messages.map(shortly).join(" and ")}`);
  const ids = await Promise.all(messages.map((message) => world.idOf(message)));
  const deleted = await world.person(device).deleteMessages(...ids);
  const expected = world.model.delete(device.user.name, device.name, [...new Set(messages)]);
  expect(deleted.sort()).toEqual((await Promise.all(expected.map((message) => world.idOf(message)))).sort());
});

const arrange = by(
  fc.tuple(fc.constantFrom("pin" as const, "mute" as const, "clear" as const), peer, yes),
  async (world, device, say, what, with_, on) => {
    say(`${on ? "" : "un"}${what}s the conversation with ${with_}`);
    const input = { pin: { pinned: on }, mute: { muted: on }, clear: {} }[what];
    await world.person(device).arrange(what, world.id(with_), input);
    world.model.arrange(device.user.name, device.name, with_, what, on);
  },
);

const block = by(fc.tuple(user, yes), async (world, device, say, other, blocked) => {
  if (other === device.user.name) return;
  say(`${blocked ? "blocks" : "unblocks"} ${other}`);
  await world.person(device)[blocked ? "block" : "unblock"](world.id(other));
  world.model[blocked ? "block" : "unblock"](device.user.name, other);
});

const befriend = by(
  fc.tuple(
    user,
    fc.constantFrom("add" as const, "add" as const, "accept" as const, "decline" as const, "remove" as const),
  ),
  async (world, device, say, other, what) => {
    const { name } = device.user;
    if (other === name) return;
    say(`${what}s ${other} as a friend`);
    const answer = await world.person(device).friend(what, world.id(other));
    const expected = world.model[`${what}Friend`](name, other);
    expect(answer.status ?? answer.code).toBe(expected);
  },
);

const connect = by(fc.tuple(fc.constantFrom("nothing", "the first", "the last")), async (world, device, say, since) => {
  if (device.online) return;
  const places = world.places(device).filter(({ stream }) => stream === "messages");
  const place = (since === "the first" ? places[0] : since === "the last" ? places.at(-1) : null) ?? null;
  say(`connects${place === null ? "" : `, since ${since} that it was handed`}`);
  await world.connect(device, place);
});

const disconnect = by(fc.tuple(), async (world, device, say) => {
  if (!device.online) return;
  say("drops off");
  await world.disconnect(device);
});

const acknowledge = by(fc.tuple(number), async (world, device, say, which) => {
  const place = chosen(world.places(device), which);
  if (place === undefined) return;
  say(`has kept ${place.stream} up to ${place.position}`);
  await world.person(device).acknowledge(place.cursor);
  world.model.acknowledge(device, place.stream, place.position);
});

const logout = by(fc.tuple(), async (world, device, say) => {
  say("logs out");
  await world.person(device).get("mutation { logout { deviceId } }");
  device.signedIn = false;
  if (device.online) await world.ended(device, 4401);
});

const look = by(fc.tuple(), async (world, device, say) => {
  say("looks around");
  await world.compareLookedUp(device);
});

const login: fc.Arbitrary<Command> = deviceOf.map(
  ([name, deviceName]) =>
    new Command(async (world, say) => {
      const device = world.model.user(name).devices.find((one) => one.name === deviceName);
      if (device === undefined || device.signedIn) return;
      say(`${device.says} logs in again`);
      expect(await world.person(device).refusal("{ viewer { id } }")).toBe("UNAUTHENTICATED");
      await world.login(device);
      device.signedIn = true;
    }),
);

const settings = fc.record({ friendsOnly: yes, showBlocked: yes }, { requiredKeys: [] }).map(
  (change) =>
    new Command(async (world, say) => {
      say(`anna sets ${JSON.stringify(change)}`);
      await world.anna.updateSettings(change);
      Object.assign(world.model, change);
    }),
);

const setFriends = fc.tuple(user, user).map(
  ([name, other]) =>
    new Command(async (world, say) => {
      if (name === other) return;
      say(`anna makes ${name} and ${other} friends`);
      const mutation = `mutation F($input: SetFriendsInput!) { setFriends(input: $input) { status } }`;
      const input = { user: world.id(name), friend: world.id(other) };
      const { data, errors } = await world.anna.ask(mutation, { input });
      expect(data?.setFriends?.status ?? errors?.[0]?.extensions?.code).toBe(world.model.setFriends(name, other));
    }),
);

const mute = fc.tuple(user, fc.constantFrom(0, 60, 86_400)).map(
  ([name, seconds]) =>
    new Command(async (world, say) => {
      say(`anna mutes ${name} for ${seconds} s`);
      await world.anna.mute(world.id(name), seconds);
      world.model.user(name).mutedUntil = seconds === 0 ? 0 : world.model.now + seconds * 1_000;
    }),
);

const wait = fc
  .tuple(fc.constantFrom(MINUTE, 3 * MINUTE, HOUR, DAY, 3 * DAY + 12 * HOUR, 7 * DAY - MINUTE, 7 * DAY), yes)
  .map(
    ([ms, swept]) =>
      new Command(async (world, say) => {
        say(`${ms / HOUR} hours pass${swept ? ", and the sweeper has been there" : ""}`);
        await world.pass(ms, swept);
      }),
  );

const restart = fc.constant(null).map(
  () =>
    new Command(async (world, say) => {
      say("the server restarts");
      await world.restart();
    }),
);

function weighted(...weights: [number, fc.Arbitrary<Command>][]): fc.Arbitrary<Command>[] {
  return weights.flatMap(([weight, arbitrary]) => Array.from({ length: weight }, () => arbitrary));
}

const commands = fc.commands(
  weighted(
    [10, send],
    [2, sendAgain],
    [1, sendTwiceAtOnce],
    [1, sendAs],
    [4, recall],
    [4, edit],
    [3, markRead],
    [2, remove],
    [3, arrange],
    [4, block],
    [3, befriend],
    [6, connect],
    [2, disconnect],
    [4, acknowledge],
    [1, logout],
    [1, login],
    [1, settings],
    [1, mute],
    [2, setFriends],
    [2, wait],
    [1, restart],
    [4, look],
  ),
  { maxCommands: 50, size: "max", disableReplayLog: true },
);

test(
  "whatever people do, in whatever order: the server does what the model says",
  async () => {
    const app = await startApp();
    let run = 0;
    const property = fc.asyncProperty(commands, fc.constantFrom(100, 2), async (chosenCommands, perContact) => {
      run += 1;
      const world = await World.begin(app, run, perContact);
      try {
        await fc.asyncModelRun(() => ({ model: {}, real: world }), chosenCommands);
        await world.end();
      } catch (cause) {
        const script = [`offlineMessagesPerContact is ${perContact}`, ...world.script].join("\n  ");
        throw new Error(`the server and the model differ:\n  ${script}\n`, { cause });
      }
    });
    await fc.assert(property, { numRuns: runs(100) });
    tally("random scripts", run);
  },
  timeFor(600_000),
);
