/** What is in use once everything that nobody holds has been collected. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const MEGABYTE = 1_000_000;

/** Megabytes in use, of the heap and of buffers beside it, in the process that runs the server and the test. */
export async function megabytesInUse(): Promise<number> {
  // What has just been closed is let go of in later turns of the loop.
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / MEGABYTE;
}
