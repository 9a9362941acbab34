import type { Chat, Message } from "parley/client";
import { type FormEvent, useEffect, useSyncExternalStore } from "react";

export function Messages({ chat, peer }: { chat: Chat; peer: string }) {
  const list = chat.messages(peer);
  const { messages, hasMore, loading, peerTyping } = useSyncExternalStore(list.subscribe, list.getSnapshot);

  // What is on the screen is read.
  const newest = messages.findLast((message) => !message.mine)?.seq;
  useEffect(() => {
    if (newest != null) void chat.markRead(peer, newest);
  }, [chat, peer, newest]);

  function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget).get("text"));
    if (text !== "") chat.sendMessage(peer, text);
    event.currentTarget.reset();
  }

  return (
    <main>
      <div className="scroller">
        <div>
          {hasMore && (
            <button type="button" disabled={loading} onClick={() => list.loadOlder()}>
              Older
            </button>
          )}
          {messages.map((message) => (
            <Line key={message.key} chat={chat} message={message} />
          ))}
          {peerTyping && <p>{peer} is typing…</p>}
        </div>
      </div>
      <form onSubmit={send}>
        <input name="text" aria-label={`Message to ${peer}`} autoComplete="off" onChange={() => chat.setTyping(peer)} />
      </form>
    </main>
  );
}

function Line({ chat, message }: { chat: Chat; message: Message }) {
  const { mine, status, content, error } = message;
  return (
    <article className={mine ? "mine" : "theirs"}>
      {content?.summary ?? "(recalled)"} {mine && <small>{status}</small>}
      {status === "failed" && (
        <p role="alert">
          {error?.message}
          <button type="button" onClick={() => chat.retry(message)}>
            Try again
          </button>
          <button type="button" onClick={() => chat.discard(message)}>
            Discard
          </button>
        </p>
      )}
    </article>
  );
}
