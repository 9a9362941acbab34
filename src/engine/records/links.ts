/** Links to records: signed, and good for a while, whoever has them. */
export interface RecordLinks {
  /** @param path what it leads to, part by part */
  link(path: readonly string[]): RecordLink;
}

export interface RecordLink {
  /** Below the server's address, where PARLEY_PUBLIC_URL is not set. */
  readonly url: string;
  readonly expiresAt: number;
}
