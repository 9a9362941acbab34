import type { Chat } from "parley/client";
import { useState, useSyncExternalStore } from "react";
import { Conversations } from "./Conversations.tsx";
import { Messages } from "./Messages.tsx";

export function App({ chat }: { chat: Chat }) {
  const [peer, setPeer] = useState<string | null>(null);
  const connection = useSyncExternalStore(chat.connection.subscribe, chat.connection.getSnapshot);

  async function logOut() {
    await chat.logout();
    location.href = "/";
  }

  return (
    <>
      <header>
        <b>{chat.user}</b> <span role="status">{connection.status}</span>
        <button type="button" onClick={logOut}>
          Log out
        </button>
      </header>
      <Conversations chat={chat} open={setPeer} />
      {peer !== null && <Messages key={peer} chat={chat} peer={peer} />}
    </>
  );
}
