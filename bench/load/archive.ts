/** The archive of an XMPP server, page by page (XEP-0313). */
import { attributeOf, DOMAIN, textIn } from "./stanzas.ts";

const ARCHIVE = "urn:xmpp:mam:2";
const PAGE_SIZE = 50;

/** A page of the archive, oldest first. */
export interface ArchivePage {
  readonly texts: readonly string[];
  /** Its oldest message's place, to go on before; null of an empty page. */
  readonly first: string | null;
  /** Whether there is nothing before it. */
  readonly complete: boolean;
}

/** Asks for the newest messages with somebody, before a place or of all. */
export function archiveQuery(id: string, peer: string, before: string | null): string {
  const form = [
    "<x xmlns='jabber:x:data' type='submit'>",
    `<field var='FORM_TYPE' type='hidden'><value>${ARCHIVE}</value></field>`,
    `<field var='with'><value>${peer}@${DOMAIN}</value></field></x>`,
  ].join("");
  const place = `<max>${PAGE_SIZE}</max><before>${before ?? ""}</before>`;
  const query = `${form}<set xmlns='http://jabber.org/protocol/rsm'>${place}</set>`;
  return `<iq type='set' id='${id}'><query xmlns='${ARCHIVE}'>${query}</query></iq>`;
}

/**
 * The page whose messages came before this answer.
 * @throws Error where the answer is a refusal
 */
export function pageOf(texts: readonly string[], answer: string): ArchivePage {
  if (attributeOf(answer, "type") !== "result") throw new Error(`no page: ${answer}`);
  return { texts, first: textIn(answer, "first"), complete: /<fin[^>]* complete=['"]true/.test(answer) };
}
