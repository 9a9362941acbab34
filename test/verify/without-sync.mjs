/**
 * Loaded into a server before anything else (`node --import`), it makes each database sync less than it must: what
 * SQLite does by itself in WAL mode. It is the control of the power cuts, which must find what it loses.
 */
import Sqlite from "better-sqlite3";

const { pragma } = Sqlite.prototype;
Sqlite.prototype.pragma = function (text, ...more) {
  return pragma.call(this, text === "synchronous = FULL" ? "synchronous = NORMAL" : text, ...more);
};
