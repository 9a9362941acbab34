/** Several tabs over one local store: what one changes the others read again, and one at a time sends. */

export interface Tabs {
  /** Tells the others which conversations have changed. */
  tell(peers: readonly string[]): void;
  /** Runs the work while no other tab runs any of this name; at once, where the browser has no locks. */
  alone(name: string, work: () => Promise<void>): Promise<void>;
  close(): void;
}

/**
 * @param sharedName what the tabs share; null where there is nothing to share
 * @param onChange another tab has changed these conversations
 */
export function joinTabs(sharedName: string | null, onChange: (peers: readonly string[]) => void): Tabs {
  const channel =
    sharedName === null || typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(sharedName);
  if (channel !== null) {
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (Array.isArray(data)) onChange(data.filter((peer) => typeof peer === "string"));
    };
    // In Node an open channel keeps the process alive.
    if ("unref" in channel && typeof channel.unref === "function") channel.unref();
  }
  const locks = typeof navigator === "undefined" ? undefined : navigator.locks;
  return {
    tell(peers) {
      if (peers.length > 0) channel?.postMessage(peers);
    },
    async alone(name, work) {
      if (sharedName === null || locks === undefined) await work();
      else await locks.request(`${sharedName}:${name}`, work);
    },
    close: () => channel?.close(),
  };
}
