/** Which client a request comes from, as far as addresses can tell. */
import type { IncomingMessage } from "node:http";
import { isIPv4, isIPv6 } from "node:net";

/** The eight groups of an IPv6 address, and 0 for those that `::` stands for. */
function groupsOf(address: string): readonly number[] {
  const [text = ""] = address.split("%", 1);
  // The last two groups may be written as an IPv4 address.
  const hexadecimal = text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) => {
    return `${(Number(a) * 256 + Number(b)).toString(16)}:${(Number(c) * 256 + Number(d)).toString(16)}`;
  });
  const [head, tail] = hexadecimal.split("::").map((half) => half.split(":").filter((group) => group !== ""));
  const [left = [], right = []] = [head, tail];
  const zeros = Array<string>(8 - left.length - right.length).fill("0");
  return [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16));
}

/** What counts as one address: an IPv4 address, and the /64 of an IPv6 address, which is one customer's. */
function unitOf(address: string): string | null {
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return null;
  const groups = groupsOf(address);
  const [high = 0, low = 0] = groups.slice(6);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) return [high >> 8, high & 255, low >> 8, low & 255].join(".");
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(":")}::/64`;
}

/** Without the port that some proxies add: `1.2.3.4:5`, `[::1]:5`. */
function withoutPort(entry: string): string {
  const match = /^\[([^\]]*)\](?::\d+)?$/.exec(entry) ?? /^([\d.]+):\d+$/.exec(entry);
  return match?.[1] ?? entry;
}

/**
 * The address that a request counts for. Each proxy adds the address of its own peer at the end of X-Forwarded-For,
 * so with `proxies` of them the client is that many from the right; what stands further left can be forged.
 * @param proxies how many proxies of one's own stand in front; 0: the socket's own address
 */
export function addressOf({ headers, socket }: Pick<IncomingMessage, "headers" | "socket">, proxies: number): string {
  const own = unitOf(socket.remoteAddress ?? "") ?? "unknown";
  if (proxies === 0) return own;
  const forwarded = [headers["x-forwarded-for"] ?? []].flat().join(",").split(",").slice(-proxies);
  return unitOf(withoutPort((forwarded[0] ?? "").trim())) ?? own;
}
