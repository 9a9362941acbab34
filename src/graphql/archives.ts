/** Archives of messages, hour by hour. */
import type { LinkedArchive, ListedArchives } from "../engine/records/archives.ts";
import { builder } from "./builder.ts";
import { viewerOf } from "./context.ts";

const MessageArchive = builder.objectRef<LinkedArchive>("MessageArchive").implement({
  access: "given",
  description: "A file of the messages that came in an hour, as they were an hour after it: gzip of JSON lines.",
  fields: (t) => ({
    name: t.exposeString("name", { description: "Of the file, in the folder of PARLEY_ARCHIVES." }),
    hour: t.expose("hour", { type: "DateTime", description: "When the hour began." }),
    messages: t.exposeInt("messages", { description: "How many are in it." }),
    sizeBytes: t.float({ description: "Size of the file. A whole number.", resolve: ({ size }) => size }),
    sha256: t.exposeString("sha256", { description: "Of the file, in hexadecimal digits." }),
    url: t.string({
      description:
        "Where it can be had, in ranges too, by whoever has the link; below the server's address where PARLEY_PUBLIC_URL is not set.",
      resolve: ({ link }) => link.url,
    }),
    urlExpiresAt: t.field({
      type: "DateTime",
      description: "Until when the link is good: an hour.",
      resolve: ({ link }) => link.expiresAt,
    }),
  }),
});

const MessageArchives = builder.objectRef<ListedArchives>("MessageArchives").implement({
  access: "given",
  description: "Archives, and how far there are any.",
  fields: (t) => ({
    writtenUpTo: t.expose("writtenUpTo", {
      type: "DateTime",
      description: "Hours that begin before this instant are written; those in which no message came have no file.",
    }),
    archives: t.field({
      type: [MessageArchive],
      description: "The oldest first, at most 1,000: go on with `from` behind the last one's hour.",
      resolve: ({ archives }) => [...archives],
    }),
  }),
});

builder.queryField("messageArchives", (t) =>
  t.field({
    access: "admin",
    type: MessageArchives,
    nullable: true,
    description: "Admins: the archives of the hours that begin in a range; null where PARLEY_ARCHIVES is not set.",
    args: {
      from: t.arg({ type: "DateTime", description: "Only of hours that begin then or later." }),
      to: t.arg({ type: "DateTime", description: "Only of hours that begin before." }),
    },
    resolve: (_, { from, to }, context) => context.engine.archives.list(viewerOf(context), from, to),
  }),
);
