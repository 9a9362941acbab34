/**
 * Which addresses are public. Whoever has the server ask a URL could otherwise have it ask whatever it reaches, its own
 * network before all.
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

/** A host, or what its name stands for, may not be asked. */
export class AddressNotAllowed extends Error {
  override readonly name = "AddressNotAllowed";

  constructor() {
    super("address not allowed");
  }
}

export function isPublicAddress(address: string): boolean {
  return isIP(address) !== 0 && !notPublic.check(address, isIPv4(address) ? "ipv4" : "ipv6");
}

/** Whether a URL names an address, and that is not public. Names are looked up by `publicLookup` alone. */
export function namesInternalAddress(url: URL): boolean {
  // Addresses are connected to without a lookup.
  const address = url.hostname.replace(/^\[|\]$/g, "");
  return isIP(address) !== 0 && !isPublicAddress(address);
}

/**
 * Looks names up for connections, and fails with `AddressNotAllowed` where any address is not a public one: what is
 * checked is what is connected to, however often a name changes what it stands for.
 */
export function publicLookup(lookup: LookupFunction = systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found, family) => {
      if (error !== null) return callback(error, "");
      const addresses = typeof found === "string" ? [{ address: found, family: family ?? isIP(found) }] : found;
      const [first] = addresses;
      if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address))) {
        return callback(new AddressNotAllowed(), "");
      }
      if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
