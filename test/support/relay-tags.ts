/**
 * What `babel-plugin-relay` does in an app: puts what the Relay compiler has made in the place of each `graphql` text,
 * and fails where that was made of another text.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, print } from "graphql";
import type { Plugin } from "vitest/config";

const TAG = /\bgraphql`(\s*(?:query|mutation|subscription|fragment) (\w+)[^`]*)`/g;

export function relayTags(folder: string): Plugin {
  return {
    name: "relay-tags",
    enforce: "pre",
    transform(code, id) {
      if (!id.startsWith(folder)) return;
      const imports: string[] = [];
      const replaced = code.replace(TAG, (_, text: string, name: string) => {
        const artifact = join(folder, "__generated__", `${name}.graphql.ts`);
        const hash = createHash("md5")
          .update(print(parse(text)).trim())
          .digest("hex");
        if (!readFileSync(artifact, "utf8").includes(`.hash = "${hash}"`)) {
          throw new Error(`${name} has changed: run \`npm run relay\``);
        }
        imports.push(`import ${name}Artifact from ${JSON.stringify(artifact)};`);
        return `${name}Artifact`;
      });
      return { code: [...imports, replaced].join("\n"), map: null };
    },
  };
}
