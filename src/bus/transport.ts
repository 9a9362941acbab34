/** What carries texts between servers. */
export interface Transport {
  /** Bytes of a text at most. */
  readonly longest: number;
  /** Sends a text to all who listen, this server included. @throws Error where it cannot be sent; it is lost then */
  publish(text: string): Promise<void>;
  listen(listener: TransportListener): void;
  /** Lets go of the connection and makes another one: nothing arrives over it any more. */
  reconnect(): void;
  close(): Promise<void>;
}

export interface TransportListener {
  heard(text: string): void;
  /** It listens, from now on: what was published before was not heard. */
  connected(): void;
}
