import type { Chat } from "parley/client";
import { type FormEvent, useSyncExternalStore } from "react";

export function Conversations({ chat, open }: { chat: Chat; open: (peer: string) => void }) {
  const conversations = useSyncExternalStore(chat.conversations.subscribe, chat.conversations.getSnapshot);

  function begin(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const peer = String(new FormData(event.currentTarget).get("peer"));
    if (peer !== "") open(peer);
    event.currentTarget.reset();
  }

  return (
    <nav aria-label="Conversations">
      {conversations.map(({ peer, lastMessage, unreadCount }) => (
        <button key={peer.id} type="button" onClick={() => open(peer.id)}>
          <b>{peer.nickname ?? peer.id}</b> {unreadCount > 0 && <mark>{unreadCount}</mark>}
          <br />
          {lastMessage?.content?.summary}
        </button>
      ))}
      <form onSubmit={begin}>
        <input name="peer" placeholder="Write to…" aria-label="Write to" />
      </form>
    </nav>
  );
}
