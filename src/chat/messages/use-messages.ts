/** The messages with somebody, of which none that was shown goes when others come. */
import { useEffect, useMemo, useRef } from "react";
import type { MessageListSnapshot } from "../../client/index.ts";
import { useChat, useObservable } from "../shared/chat-context.ts";

/**
 * The SDK's list holds a number of the newest messages: with each that comes, the oldest falls out of it, perhaps from
 * under the eyes of somebody who reads there. Here it stays, and the list is told to hold one more.
 */
export function useMessages(peer: string): MessageListSnapshot {
  const list = useChat().messages(peer);
  const snapshot = useObservable(list);
  const before = useRef(snapshot);
  const { shown, fallen } = useMemo(() => {
    const [oldest] = snapshot.messages;
    const kept = before.current.messages;
    // Where the list begins is where it has always begun, or it was emptied or reaches further back.
    const fallen = oldest === undefined ? -1 : kept.findIndex(({ key }) => key === oldest.key);
    const shown =
      fallen > 0 && snapshot.hasMore
        ? { ...snapshot, messages: [...kept.slice(0, fallen), ...snapshot.messages] }
        : snapshot;
    before.current = shown;
    return { shown, fallen: shown === snapshot ? 0 : fallen };
  }, [snapshot]);

  const asked = useRef(0);
  useEffect(() => {
    if (fallen > asked.current) void list.loadOlder(fallen - asked.current);
    asked.current = fallen;
  }, [list, fallen]);
  return shown;
}
