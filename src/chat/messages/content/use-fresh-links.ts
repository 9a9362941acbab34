/** Links of this server are good for some hours: what this device has kept for longer gets others. */
import { useCallback, useRef } from "react";
import type { Message } from "../../../client/index.ts";
import { useChat } from "../../shared/chat-context.ts";

/** @returns to be called with a link that has failed; each is tried once */
export function useFreshLinks(message: Message): (url: string) => void {
  const chat = useChat();
  const tried = useRef<string | null>(null);
  return useCallback(
    (url) => {
      const { pathname, origin } = new URL(url, location.href);
      if (origin !== location.origin || message.id === null || tried.current === pathname) return;
      tried.current = pathname;
      // Where it cannot be had, it is shown as what it is: not there.
      void chat.reload(message).catch(() => {});
    },
    [chat, message],
  );
}
