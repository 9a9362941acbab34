/** Servers of other projects, where they are installed. */
import { ejabberd, isEjabberdInstalled } from "./ejabberd.ts";
import { isProsodyInstalled, prosody } from "./prosody.ts";
import type { System } from "./system.ts";

/** Those that can be started here, and says of each other that it is left out. */
export function installedPeers(say: (text: string) => void): System[] {
  const peers = [
    { system: ejabberd, isInstalled: isEjabberdInstalled(), packages: "ejabberd erlang-p1-pgsql postgresql" },
    { system: prosody, isInstalled: isProsodyInstalled(), packages: "prosody" },
  ];
  for (const { system, isInstalled, packages } of peers) {
    if (!isInstalled) say(`${system.name} is left out: it is not installed (apt-get install ${packages}).`);
  }
  return peers.filter(({ isInstalled }) => isInstalled).map(({ system }) => system);
}
