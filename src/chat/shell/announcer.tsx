/** What a screen reader is told: new messages, and how the connection stands. */
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSummary } from "../messages/summary.ts";
import { useChat } from "../shared/chat-context.ts";
import { useReason } from "../shared/toasts.tsx";

export function Announcer({ open }: { readonly open: string | null }) {
  const chat = useChat();
  const { t } = useTranslation();
  const summarise = useSummary();
  const reasonOf = useReason();
  const [said, setSaid] = useState<readonly { readonly id: number; readonly text: string }[]>([]);
  const count = useRef(0);
  const status = useRef(chat.connection.getSnapshot().status);

  useEffect(() => {
    const say = (text: string) => {
      count.current += 1;
      const entry = { id: count.current, text };
      setSaid((before) => [...before.slice(-4), entry]);
    };
    const stops = [
      chat.on("newMessage", ({ message, source }) => {
        if (message.mine || source !== "LIVE") return;
        const { nickname } = message.senderProfile;
        say(t("announce.message", { name: nickname ?? message.sender, text: summarise(message) }));
      }),
      chat.on("messageFailed", ({ error }) => say(t("announce.failed", { reason: reasonOf(error) }))),
      chat.on("typing", ({ peer, typing }) => {
        if (typing && peer === open) say(t("announce.typing", { name: peer }));
      }),
      chat.on("connection", (state) => {
        const before = status.current;
        if (state.status === "inStep" && before !== "inStep") say(t("announce.online"));
        if (state.status === "offline" && before === "inStep") say(t("announce.offline"));
        // While it tries again nothing new is to be said.
        if (state.status === "inStep" || state.status === "offline") status.current = state.status;
      }),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }, [chat, t, summarise, reasonOf, open]);

  return (
    <div className="visually-hidden" role="log" aria-live="polite" aria-relevant="additions">
      {said.map(({ id, text }) => (
        <p key={id}>{text}</p>
      ))}
    </div>
  );
}
