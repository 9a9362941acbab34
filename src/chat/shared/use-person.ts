/** Somebody as the server knows them now: presence, friendship, whether they are blocked. */
import { useCallback, useEffect, useState } from "react";
import type { User } from "../../client/index.ts";
import { useChat, useConnection } from "./chat-context.ts";

/** Milliseconds between looks at whether somebody is online: the server tells it when it is asked. */
const LOOKS_EVERY = 30_000;

export interface Person {
  /** Undefined until the server has answered; null for nobody. */
  readonly user: User | null | undefined;
  readonly refresh: () => void;
}

export function usePerson(id: string): Person {
  const chat = useChat();
  const inStep = useConnection().status === "inStep";
  const [known, setKnown] = useState<{ readonly id: string; readonly user: User | null } | null>(null);
  const refresh = useCallback(() => {
    chat.people.get(id).then(
      (user) => setKnown({ id, user }),
      // Another look follows.
      () => {},
    );
  }, [chat, id]);
  useEffect(() => {
    if (!inStep) return;
    const look = () => {
      if (document.visibilityState !== "hidden") refresh();
    };
    look();
    const timer = setInterval(look, LOOKS_EVERY);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [inStep, refresh]);
  return { user: known?.id === id ? known.user : undefined, refresh };
}
