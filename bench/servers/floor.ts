import { join } from "node:path";
import { keepInFile } from "./keep.ts";
import { serveRelay } from "./relay.ts";

serveRelay(keepInFile(join(process.argv[2] ?? ".", "floor.sqlite")));
