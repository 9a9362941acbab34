/** Older messages are on their way before one gets there. */
import { useEffect, useState } from "react";
import { useChat } from "../shared/chat-context.ts";

/** Messages that are fetched when the oldest comes near. */
const MORE = 100;
/** Rows above what is in sight below which it is time for that. */
const NEAR_TOP = 60;

/**
 * @param above rows above what is in sight
 * @param possible whether there are older ones, and a connection to fetch them over
 */
export function useOlder(peer: string, above: number, possible: boolean): void {
  const chat = useChat();
  const [loading, setLoading] = useState(false);
  const due = above < NEAR_TOP && possible && !loading;
  useEffect(() => {
    if (!due) return;
    setLoading(true);
    void chat
      .messages(peer)
      .loadOlder(MORE)
      .finally(() => setLoading(false));
  }, [chat, peer, due]);
}
