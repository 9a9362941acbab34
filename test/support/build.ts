/** Builds the command before the tests that run it in processes of its own; what is built already takes a moment. */
import { execFileSync } from "node:child_process";

export default function build(): void {
  execFileSync("npx", ["tsc", "-p", "."]);
}
