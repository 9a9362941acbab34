/** What was begun and not sent, per conversation, for as long as the window lives. */
const PREFIX = "parley:draft:";
const listeners = new Set<() => void>();

export function keptDraft(peer: string): string {
  return sessionStorage.getItem(PREFIX + peer) ?? "";
}

export function keepDraft(peer: string, text: string): void {
  if (text === keptDraft(peer)) return;
  if (text === "") sessionStorage.removeItem(PREFIX + peer);
  else sessionStorage.setItem(PREFIX + peer, text);
  for (const listener of listeners) listener();
}

export function watchDrafts(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
