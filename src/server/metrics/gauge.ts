/** Gauges that are read when somebody asks. */
import { Gauge, type Registry } from "prom-client";

export interface WatchedGauge<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly Label[];
  /** Sets it. What it throws leaves this metric out, and all others are told: a database that is away is what they are for. */
  read(gauge: Gauge<Label>): void | Promise<void>;
}

export function watchGauge<Label extends string = never>(registry: Registry, watched: WatchedGauge<Label>): void {
  const { name, help, labelNames = [], read } = watched;
  new Gauge<Label>({
    name,
    help,
    labelNames,
    registers: [registry],
    async collect() {
      this.reset();
      try {
        await read(this);
      } catch {
        this.reset();
        // Without labels it would be 0, which may be wrong.
        if (labelNames.length === 0) this.remove({});
      }
    },
  });
}
