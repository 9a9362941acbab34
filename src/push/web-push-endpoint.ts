/** Which endpoints of subscriptions may be asked: whoever registers one writes it. */
import { namesInternalAddress } from "../outgoing/public-addresses.ts";

export interface EndpointRules {
  /** Names in lower case; a leading `*.` stands for any name below. */
  readonly hosts: readonly string[];
  /** Any host, port and address may be asked. */
  readonly allowLocal: boolean;
}

function isListed(hostname: string, hosts: readonly string[]): boolean {
  return hosts.some((host) => (host.startsWith("*.") ? hostname.endsWith(host.slice(1)) : hostname === host));
}

/** The endpoint as a URL; null where it may not be asked. What its name stands for is seen only by `publicLookup`. */
export function allowedEndpoint(endpoint: string, { hosts, allowLocal }: EndpointRules): URL | null {
  if (!URL.canParse(endpoint)) return null;
  const url = new URL(endpoint);
  if (url.protocol !== "https:" || url.username !== "" || url.password !== "") return null;
  if (allowLocal) return url;
  if (url.port !== "" || !isListed(url.hostname, hosts)) return null;
  return namesInternalAddress(url) ? null : url;
}
