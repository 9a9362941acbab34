/** Which conversation is open: in the address, so that the browser's way back closes it. */
import { useSyncExternalStore } from "react";

function peerInAddress(): string | null {
  const match = /^#\/(.+)$/.exec(location.hash);
  try {
    return match?.[1] === undefined ? null : decodeURIComponent(match[1]);
  } catch {
    return null;
  }
}

function subscribe(listener: () => void): () => void {
  addEventListener("hashchange", listener);
  return () => removeEventListener("hashchange", listener);
}

export function useOpenPeer(): string | null {
  return useSyncExternalStore(subscribe, peerInAddress);
}

export function hrefOf(peer: string): string {
  return `#/${encodeURIComponent(peer)}`;
}

export function openConversation(peer: string): void {
  location.hash = hrefOf(peer);
}

export function closeConversation(): void {
  location.hash = "#/";
}
