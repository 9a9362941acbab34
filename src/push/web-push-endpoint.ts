/**
 * Which endpoints of subscriptions may be asked. Whoever registers one writes it, so without this the server could be
 * made to ask whatever it reaches, its own network before all.
 */
import { lookup as systemLookup } from "node:dns";
import { BlockList, isIP, isIPv4, type LookupFunction } from "node:net";

const IPV4_NETWORKS: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];
const IPV6_NETWORKS: readonly (readonly [string, number])[] = [
  // Unspecified, loopback, and a retired way to write IPv4.
  ["::", 96],
  // Translators to IPv4 of a network's own.
  ["64:ff9b:1::", 48],
  // Tunnels, which end at an IPv4 address that is written into these.
  ["2001::", 32],
  ["2002::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
];

const notPublic = new BlockList();
for (const [network, prefix] of IPV4_NETWORKS) {
  // This covers ::ffff:0:0/96 as well.
  notPublic.addSubnet(network, prefix, "ipv4");
  // As a network's translator of IPv6 to IPv4 reaches it.
  notPublic.addSubnet(`64:ff9b::${network}`, 96 + prefix, "ipv6");
}
for (const [network, prefix] of IPV6_NETWORKS) notPublic.addSubnet(network, prefix, "ipv6");

/** An endpoint, or what its name stands for, may not be asked. */
export class EndpointNotAllowed extends Error {
  override readonly name = "EndpointNotAllowed";

  constructor() {
    super("endpoint not allowed");
  }
}

export interface EndpointRules {
  /** Names in lower case; a leading `*.` stands for any name below. */
  readonly hosts: readonly string[];
  /** Any host, port and address may be asked. */
  readonly allowLocal: boolean;
}

function isListed(hostname: string, hosts: readonly string[]): boolean {
  return hosts.some((host) => (host.startsWith("*.") ? hostname.endsWith(host.slice(1)) : hostname === host));
}

export function isPublicAddress(address: string): boolean {
  return isIP(address) !== 0 && !notPublic.check(address, isIPv4(address) ? "ipv4" : "ipv6");
}

/** The endpoint as a URL; null where it may not be asked. What its name stands for is seen only by `guardedLookup`. */
export function allowedEndpoint(endpoint: string, { hosts, allowLocal }: EndpointRules): URL | null {
  if (!URL.canParse(endpoint)) return null;
  const url = new URL(endpoint);
  if (url.protocol !== "https:" || url.username !== "" || url.password !== "") return null;
  if (allowLocal) return url;
  if (url.port !== "" || !isListed(url.hostname, hosts)) return null;
  // Addresses are connected to without a lookup.
  const address = url.hostname.replace(/^\[|\]$/g, "");
  return isIP(address) !== 0 && !isPublicAddress(address) ? null : url;
}

/**
 * Looks names up for connections, and fails with `EndpointNotAllowed` where any address is not a public one: what is
 * checked is what is connected to, however often a name changes what it stands for.
 */
export function guardedLookup(lookup: LookupFunction = systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found, family) => {
      if (error !== null) return callback(error, "");
      const addresses = typeof found === "string" ? [{ address: found, family: family ?? isIP(found) }] : found;
      const [first] = addresses;
      if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address))) {
        return callback(new EndpointNotAllowed(), "");
      }
      if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
