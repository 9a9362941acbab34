/**
 * Stores that lie, each in one way, to show that the checker of the verification sees it. Each breaks rarely, as real
 * defects do, yet so often that the load of `checker.test.ts` meets it: not once in a million runs may one be missed.
 */
import type { Store } from "../../src/engine/store.ts";

type Break = (store: Store) => Partial<Store>;

/** True at each `every`th call. */
function nowAndThen(every: number): () => boolean {
  let calls = 0;
  return () => {
    calls += 1;
    return calls % every === 0;
  };
}

function breaking(change: Break): (store: Store) => Store {
  return (store) => ({ ...store, ...change(store) });
}

/** Tells of no entry in a way that could be handed on, so that every device reads the log. */
function throughTheLog(store: Store): Pick<Store, "append"> {
  return {
    async append(draft) {
      const done = await store.append(draft);
      return done && { ...done, appended: done.appended.map((entry) => ({ ...entry, position: 0 })) };
    },
  };
}

export const BROKEN = {
  "acknowledges what it does not store": breaking((store) => {
    const now = nowAndThen(25);
    let last: Awaited<ReturnType<Store["append"]>> = null;
    return {
      async append(draft) {
        if (last === null || !now()) last = await store.append(draft);
        return last;
      },
    };
  }),
  "forgets idempotency keys": breaking((store) => ({
    async sendFacts(sender, recipient) {
      return store.sendFacts(sender, recipient, null);
    },
    append: (draft) => store.append({ ...draft, clientMessageId: null }),
  })),
  "skips an entry of the log": breaking((store) => {
    const now = nowAndThen(8);
    return {
      ...throughTheLog(store),
      async log(...range) {
        const page = await store.log(...range);
        return range[1] === "messages" && page.entries.length > 0 && now()
          ? { ...page, entries: page.entries.slice(1) }
          : page;
      },
    };
  }),
  "hands an entry of the log over twice": breaking((store) => {
    const now = nowAndThen(8);
    return {
      ...throughTheLog(store),
      async log(...range) {
        const page = await store.log(...range);
        return range[1] === "messages" && page.entries.length > 0 && now()
          ? { ...page, entries: page.entries.flatMap((entry) => [entry, entry]) }
          : page;
      },
    };
  }),
  "turns a page of the log round": breaking((store) => ({
    ...throughTheLog(store),
    async log(...range) {
      const page = await store.log(...range);
      return { ...page, entries: page.entries.toReversed() };
    },
  })),
  "loses the start of a backlog": breaking((store) => ({
    async missed(range) {
      return (await store.missed(range)).slice(1);
    },
  })),
  "forgets acknowledgements": breaking((store) => {
    const now = nowAndThen(3);
    // A later acknowledgement would make up for one that was forgotten, so a device stays where it is.
    const stuck = new Set<string>();
    return {
      async acknowledge(userId, deviceId, stream, position, at) {
        const device = `${userId} ${deviceId}`;
        if (now()) stuck.add(device);
        if (!stuck.has(device)) return store.acknowledge(userId, deviceId, stream, position, at);
        return { appended: [], position };
      },
    };
  }),
  "acknowledges for all devices of a user": breaking((store) => ({
    async acknowledge(userId, deviceId, stream, position, at) {
      for (const device of await store.devices(userId)) {
        if (device.deviceId !== deviceId) await store.acknowledge(userId, device.deviceId, stream, position, at);
      }
      return store.acknowledge(userId, deviceId, stream, position, at);
    },
  })),
  "lets the blacklist through": breaking((store) => ({
    async sendFacts(...parties) {
      const facts = await store.sendFacts(...parties);
      return { ...facts, blockedBy: false };
    },
  })),
  "keeps what was recalled": breaking(() => ({
    async recall(message, now) {
      return { appended: [], message: { ...message, content: null, recalledAt: now } };
    },
  })),
  "moves read marks back": breaking((store) => {
    const now = nowAndThen(3);
    return {
      async member(userId, peerId) {
        const member = await store.member(userId, peerId);
        return member !== null && now() ? { ...member, readSeq: Math.max(0, member.readSeq - 15) } : member;
      },
    };
  }),
  "counts unread wrong": breaking((store) => ({
    async unreadCount(...range) {
      return (await store.unreadCount(...range)) + 1;
    },
  })),
  "shows each side an order of its own": breaking((store) => ({
    async timeline(view, range) {
      const page = await store.timeline(view, range);
      return view.userId < "user-1" ? page : { ...page, items: page.items.toReversed() };
    },
  })),
  "leaves a message out of history": breaking((store) => ({
    async timeline(view, range) {
      const page = await store.timeline(view, range);
      return { ...page, items: page.items.filter(({ seq }) => seq !== 7) };
    },
  })),
} satisfies Record<string, (store: Store) => Store>;

export type Defect = keyof typeof BROKEN;
