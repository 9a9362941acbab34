import { keepNothing } from "./keep.ts";
import { serveRelay } from "./relay.ts";

serveRelay(keepNothing());
