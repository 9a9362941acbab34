/** What XMPP servers have in common here. */
import { XmppClient } from "../load/xmpp.ts";
import type { RunningSystem, System } from "./system.ts";

/** Every user's. */
export const PASSWORD = "a password that only the bench knows";

export interface RunningPeer extends RunningSystem {
  connect(user: string, onMessage: (text: string) => void): Promise<XmppClient>;
  /**
   * Puts so many messages between two users into the archive of the first, as if they had been sent one a second until
   * now. It is for an archive that nothing has been put into.
   */
  fill(owner: string, other: string, count: number): Promise<void>;
}

export interface Peer extends System {
  start(folder: string): Promise<RunningPeer>;
}

/** Connects users to a server on this port; whoever comes for the first time is given an account before. */
export function connecting(port: number, makeAccount: (user: string) => Promise<void>): RunningPeer["connect"] {
  const known = new Set<string>();
  return async (user, onMessage) => {
    if (!known.has(user)) await makeAccount(user);
    known.add(user);
    return XmppClient.open(port, user, PASSWORD, onMessage);
  };
}
