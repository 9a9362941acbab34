/** Searching messages. */
import { encodeSearchCursor } from "../engine/cursors.ts";
import type { MessageView } from "../engine/viewer.ts";
import { builder } from "./builder.ts";
import { pageArguments, toConnection } from "./connection.ts";
import { ContentTypeEnum } from "./content.ts";
import { viewerOf } from "./context.ts";
import { MessageConnection } from "./conversation.ts";

builder.queryField("searchMessages", (t) =>
  t.field({
    access: "self",
    type: MessageConnection,
    nullable: true,
    description:
      "The viewer's messages that hold all the words, newest first. A word is found as a part of one too: in Chinese, Japanese, Korean and scripts without spaces any part, in others any three letters in a row, or the one or two that a word begins with. Case does not matter. Names of files and places, descriptions of custom content and notices are searched as texts are. Recalled, deleted, cleared and expired messages are not found. Its cursors are its own.",
    args: {
      words: t.arg.string({ description: "Up to 10 words with spaces between, up to 200 characters." }),
      peer: t.arg.id({ description: "Only what was written with this user." }),
      types: t.arg({ type: [ContentTypeEnum], description: "Only content of these types." }),
      since: t.arg({ type: "DateTime", description: "Only what was sent then or later." }),
      until: t.arg({ type: "DateTime", description: "Only what was sent before." }),
      ...pageArguments("the first 50"),
      of: t.arg.id({ access: "admin", description: "Admins only: the same question, asked as this user." }),
      everywhere: t.arg.boolean({ access: "admin", description: "Admins only: in everybody's messages." }),
    },
    async resolve(_, { first, after, last, before, ...input }, context) {
      const page = await context.engine.search(viewerOf(context), input, { first, after, last, before });
      const cursorOf = ({ place }: { place: number }) => encodeSearchCursor(page.userId, place);
      return toConnection<{ place: number; view: MessageView }, MessageView>(page, cursorOf, ({ view }) => view);
    },
  }),
);
