import { type FormEvent, useState } from "react";
import { useConversation } from "./apollo-conversation.ts";

export function Conversation({ peer }: { peer: string }) {
  const { messages, hasOlder, loadOlder, send } = useConversation(peer);
  const [refused, setRefused] = useState("");

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const text = new FormData(form).get("text");
    const result = await send(String(text));
    setRefused(result?.__typename === "SendMessageError" ? result.reason : "");
    if (result?.__typename === "SendMessageSuccess") form.reset();
  }

  return (
    <section>
      {hasOlder && (
        <button type="button" onClick={loadOlder}>
          Older
        </button>
      )}
      {messages.map(({ id, sender, content }) => (
        <p key={id}>
          {sender.nickname ?? sender.id}: {content?.summary ?? "(recalled)"}
        </p>
      ))}
      <form onSubmit={submit}>
        <input name="text" aria-label="Message" />
      </form>
      <p role="alert">{refused}</p>
    </section>
  );
}
