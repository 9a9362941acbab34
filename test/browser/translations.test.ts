import { expect, test } from "vitest";
import { en } from "../../src/chat/i18n/en.ts";
import { ko } from "../../src/chat/i18n/ko.ts";
import { zh } from "../../src/chat/i18n/zh.ts";

/** Every text by its path, with the names of what is put into it. */
function placeholders(translation: object, path = ""): [string, string[]][] {
  return Object.entries(translation).flatMap(([key, value]): [string, string[]][] =>
    typeof value === "string"
      ? [[path + key, [...value.matchAll(/\{\{(\w+)\}\}/g)].map(([, name = ""]) => name).sort()]]
      : placeholders(value as object, `${path}${key}.`),
  );
}

// That no text is missing is the compiler's to say.
test.each(Object.entries({ ko, zh }))("%s puts the same into its texts as English", (_, translation) => {
  expect(Object.fromEntries(placeholders(translation))).toEqual(Object.fromEntries(placeholders(en)));
});
