/** `parley import`: reads files of records and has the running server import them. */
import { stat } from "node:fs/promises";
import type { RunningApi } from "./api.ts";
import { counted, createProgress, type Terminal } from "./progress.ts";
import { createBatches, type Tally } from "./records/batches.ts";
import { historyFormat } from "./records/history-format.ts";
import type { Format } from "./records/item.ts";
import { parleyFormat } from "./records/parley-format.ts";
import { linesOf } from "./text-lines.ts";

const FORMATS = { parley: parleyFormat, "get-history": historyFormat } as const satisfies Record<string, () => Format>;
export type FormatName = keyof typeof FORMATS;
export const FORMAT_NAMES = Object.keys(FORMATS);

export function isFormat(name: string): name is FormatName {
  return Object.hasOwn(FORMATS, name);
}

/** Refusals that are told one by one; all are counted. */
const MOST_TOLD = 100;

export interface ImportOptions extends RunningApi {
  readonly files: readonly string[];
  readonly format: FormatName;
  readonly terminal: Terminal;
}

export interface Imported {
  /** What became of it, in a line. */
  readonly summary: string;
  /** Whether all of it is there. */
  readonly complete: boolean;
}

function summaryOf({ users, imported, duplicates, expired, refused }: Tally, passedOver: number): string {
  const parts = [
    `${counted(imported)} imported`,
    `${counted(users)} users`,
    `${counted(duplicates)} there before`,
    `${counted(expired)} too old`,
    `${counted(refused)} refused`,
    `${counted(passedOver)} lines passed over`,
  ];
  return parts.join(", ");
}

/**
 * Imports files in their order. What is there already is passed over, so the same again goes on where it was cut off.
 * @throws Error with what is wrong, where it cannot go on
 */
export async function importRecords({ files, format, terminal, ...api }: ImportOptions): Promise<Imported> {
  let total = 0;
  for (const file of files) total += (await stat(file)).size;
  const progress = createProgress(terminal, () => total);
  let told = 0;
  function complain(where: string, why: string): void {
    told += 1;
    if (told > MOST_TOLD) return;
    progress.clear();
    terminal.write(`${where}: ${why}\n`);
    if (told === MOST_TOLD) terminal.write("Further refusals are counted, and not told.\n");
  }

  const batches = createBatches(api, complain);
  let passedOver = 0;
  let before = 0;
  let bytes = 0;
  for (const file of files) {
    const reading = FORMATS[format]();
    for await (const { text, number } of linesOf(file, (read) => {
      bytes = before + read;
    })) {
      const where = `${file}:${number}`;
      const line = reading.line(text);
      if ("wrong" in line) batches.refuse(where, line.wrong);
      else if ("passedOver" in line) passedOver += 1;
      else for (const item of line.items) await batches.add(item, where);
      const { imported, duplicates } = batches.tally;
      progress.show(bytes, `${counted(imported)} imported, ${counted(duplicates)} there before`);
    }
    await batches.flush();
    const wrong = reading.end();
    if (wrong !== null) batches.refuse(file, wrong);
    before += (await stat(file)).size;
  }
  progress.clear();
  return { summary: summaryOf(batches.tally, passedOver), complete: batches.tally.refused === 0 };
}
