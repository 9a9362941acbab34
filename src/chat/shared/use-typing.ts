/** Who types to the viewer now. */
import { useEffect, useState } from "react";
import { useChat } from "./chat-context.ts";

export function useTypingPeers(): ReadonlySet<string> {
  const chat = useChat();
  const [peers, setPeers] = useState<ReadonlySet<string>>(new Set());
  useEffect(
    () =>
      chat.on("typing", ({ peer, typing }) =>
        setPeers((before) => {
          const after = new Set(before);
          if (typing) after.add(peer);
          else after.delete(peer);
          return after;
        }),
      ),
    [chat],
  );
  return peers;
}
