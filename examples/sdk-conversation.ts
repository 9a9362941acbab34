/** A conversation as a React component needs it, with the client SDK: also what is not sent yet, and without a network. */
import type { Chat } from "parley/client";
import { useSyncExternalStore } from "react";

export function useConversation(chat: Chat, peer: string) {
  const list = chat.messages(peer);
  const { messages, hasMore, loading, peerTyping } = useSyncExternalStore(list.subscribe, list.getSnapshot);
  return {
    messages,
    hasOlder: hasMore,
    loading,
    peerTyping,
    loadOlder: () => list.loadOlder(),
    /** It is in the list at once; `settled` tells what became of it. */
    send: (text: string) => chat.sendMessage(peer, text),
  };
}
