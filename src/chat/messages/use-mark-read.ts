/** What is looked at has been read. */
import { useEffect } from "react";
import { useChat } from "../shared/chat-context.ts";

/** @param seq up to which the messages are in sight while the page is; 0: none */
export function useMarkRead(peer: string, seq: number): void {
  const chat = useChat();
  useEffect(() => {
    const look = () => {
      if (seq === 0 || document.visibilityState !== "visible" || !document.hasFocus()) return;
      void chat.markRead(peer, seq).catch(() => {});
    };
    look();
    addEventListener("focus", look);
    document.addEventListener("visibilitychange", look);
    return () => {
      removeEventListener("focus", look);
      document.removeEventListener("visibilitychange", look);
    };
  }, [chat, peer, seq]);
}
