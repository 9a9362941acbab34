/**
 * Examples in documents are copied out of files that tests run. A document names the file, and a part of it where it
 * does not show all, in a remark ahead of each block:
 *
 *     <!-- examples/apollo.ts#receive -->
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../..");
const BLOCK = /<!-- (examples\/[^\s#]+)(?:#(\S+))? -->\n```(\w+)\n(?:[\s\S]*?\n)??```/g;

/** A declaration at the top of a file, with the remark ahead of it. */
function part(text: string, name: string): string {
  const lines = text.split("\n");
  const start = lines.findIndex((line) =>
    new RegExp(`^(?:export )?(?:async )?(?:function|const|interface|type) ${name}\\b`).test(line),
  );
  if (start === -1) throw new Error(`there is no ${name}`);
  const end = lines.findIndex(
    (line, at) => at >= start && (/^[}\])`][)\];]*$/.test(line) || (at === start && line.endsWith(";"))),
  );
  let head = start;
  while (/^(?:\/\*\*| \*|\/\/)/.test(lines[head - 1] ?? "")) head -= 1;
  return lines.slice(head, end + 1).join("\n");
}

/** A document with its examples as they are in their files now. */
export function withExamples(document: string): string {
  return document.replace(BLOCK, (_, path: string, name: string | undefined, language: string) => {
    const text = readFileSync(join(ROOT, path), "utf8").trimEnd();
    const mark = name === undefined ? path : `${path}#${name}`;
    return `<!-- ${mark} -->\n\`\`\`${language}\n${name === undefined ? text : part(text, name)}\n\`\`\``;
  });
}
