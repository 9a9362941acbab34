/** The whole schema: every noun, put together once. */
import { builder } from "./builder.ts";
import "./node.ts";
import "./user.ts";
import "./message.ts";
import "./send.ts";
import "./send-many.ts";
import "./broadcast.ts";
import "./message-changes.ts";
import "./conversation.ts";
import "./search.ts";
import "./friendship.ts";
import "./push.ts";
import "./push-admin.ts";
import "./upload.ts";
import "./device.ts";
import "./settings.ts";
import "./audit.ts";
import "./erasure.ts";
import "./hook.ts";
import "./backup.ts";
import "./stats.ts";
import "./import.ts";
import "./records.ts";
import "./archives.ts";
import "./live.ts";

export const schema = builder.toSchema();
