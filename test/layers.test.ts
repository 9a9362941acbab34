import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../src", import.meta.url));

interface Import {
  /** Path under src, or the name of a package. */
  from: string;
  target: string;
  typeOnly: boolean;
}

/** All imports and re-exports of all files under src, static and dynamic. */
function readImports(): Import[] {
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((path) => /\.tsx?$/.test(path));
  return files.flatMap((file) => {
    const text = readFileSync(join(root, file), "utf8");
    const fixed = [...text.matchAll(/^(?:import|export)\s+(type\s)?[^;"]*?from\s+"([^"]+)"/gm)];
    const bare = [...text.matchAll(/^import\s+()"([^"]+)"/gm)];
    const dynamic = [...text.matchAll(/\bimport\(\s*()"([^"]+)"\s*\)/g)];
    return [...fixed, ...bare, ...dynamic].map(([, type, specifier = ""]) => ({
      from: file,
      target: specifier.startsWith(".") ? relative(root, join(root, dirname(file), specifier)) : specifier,
      typeOnly: type !== undefined && type !== "",
    }));
  });
}

const imports = readImports();

function isOurs(target: string): boolean {
  return /\.(tsx?|css)$/.test(target);
}

/** The folder of a file under src; the file itself where it lies at the top. */
function layerOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : path;
}

/** Which layers a layer may import from: the arrows of docs/architecture.md, and no others. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  client: [],
  chat: ["client"],
  status: ["numbers"],
  numbers: [],
  engine: [],
  store: ["engine"],
  graphql: ["engine"],
  media: ["engine"],
  outgoing: [],
  bus: ["engine"],
  push: ["engine", "outgoing"],
  hooks: ["engine", "outgoing"],
  server: ["graphql", "engine", "store", "bus", "media", "push", "hooks", "version.ts"],
  config: ["server", "engine"],
  "tour.ts": ["server", "engine"],
  commands: ["numbers"],
  "backup.ts": [],
  "version.ts": [],
  "signing.ts": ["config", "server", "engine"],
  "serving.ts": ["config", "signing.ts", "server", "push", "hooks", "engine"],
  "main.ts": [
    "config",
    "commands",
    "backup.ts",
    "tour.ts",
    "serving.ts",
    "signing.ts",
    "version.ts",
    "store",
    "engine",
  ],
};

/** Packages that only the named layers may use; `node:` modules are below. */
const PACKAGES: Record<string, readonly string[]> = {
  client: ["graphql-ws", "idb", "tus-js-client"],
  chat: [
    "@radix-ui/react-dropdown-menu",
    "i18next",
    "linkify-it",
    "lucide-react",
    "react",
    "react-dom",
    "react-i18next",
  ],
  status: [],
  numbers: [],
  engine: ["lru-cache"],
  media: [
    "@aws-sdk/client-s3",
    "@aws-sdk/s3-request-presigner",
    "@tus/s3-store",
    "@tus/server",
    "file-type",
    "mediabunny",
    "send",
    "sharp",
  ],
  outgoing: ["undici"],
  push: ["jose", "undici", "web-push", "zod"],
  bus: ["ioredis", "pg"],
  hooks: ["zod"],
  store: ["better-sqlite3", "drizzle-orm", "lru-cache", "pg"],
  graphql: ["@pothos/core", "graphql"],
};

const NODE_MODULES: Record<string, readonly string[]> = {
  client: [],
  chat: [],
  status: [],
  numbers: [],
  engine: ["node:crypto"],
  graphql: [],
};

function packageOf(specifier: string): string {
  const parts = specifier.split("/");
  return specifier.startsWith("@") ? parts.slice(0, 2).join("/") : (parts[0] ?? specifier);
}

test("the imports were read", () => {
  expect(imports.length).toBeGreaterThan(200);
  expect(imports).toContainEqual({ from: "serving.ts", target: "server/server.ts", typeOnly: false });
  expect(imports).toContainEqual({ from: "engine/send.ts", target: "node:crypto", typeOnly: false });
  expect(imports).toContainEqual({
    from: "server/graphiql.ts",
    target: "@graphql-yoga/render-graphiql",
    typeOnly: false,
  });
});

test("every layer has its rule", () => {
  const layers = new Set(imports.map(({ from }) => layerOf(from)));
  expect([...layers].filter((layer) => !(layer in MAY_IMPORT))).toEqual([]);
});

test("a layer imports only from the layers below it", () => {
  const wrong = imports.filter(({ from, target }) => {
    if (!isOurs(target)) return false;
    const [own, other] = [layerOf(from), layerOf(target)];
    return own !== other && !MAY_IMPORT[own]?.includes(other);
  });
  expect(wrong).toEqual([]);
});

test("of the store, the server knows how it is opened, and nothing of its operations", () => {
  const reached = imports.filter(
    ({ from, target, typeOnly }) => layerOf(from) === "server" && layerOf(target) === "store" && !typeOnly,
  );
  expect(new Set(reached.map(({ target }) => target))).toEqual(
    new Set(["store/open.ts", "store/store.ts", "store/search/index-file.ts", "store/archives/archive-folder.ts"]),
  );
});

test.each(Object.keys(PACKAGES))("%s uses only the packages that it may", (layer) => {
  const used = imports.filter(({ from, target }) => layerOf(from) === layer && !isOurs(target));
  const foreign = used.filter(({ target }) => {
    if (!target.startsWith("node:")) return !PACKAGES[layer]?.includes(packageOf(target));
    return NODE_MODULES[layer] !== undefined && !NODE_MODULES[layer].includes(target);
  });
  expect(foreign).toEqual([]);
});

test("operations of the store know SQL and the engine's words, and no database", () => {
  const used = imports.filter(({ from, target }) => from.startsWith("store/operations/") && !isOurs(target));
  expect(used.filter(({ target }) => target !== "drizzle-orm")).toEqual([]);
});

test("no file imports itself by way of others", () => {
  const edges = new Map<string, string[]>();
  for (const { from, target, typeOnly } of imports) {
    if (isOurs(target) && !typeOnly) edges.set(from, [...(edges.get(from) ?? []), target]);
  }
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, above: readonly string[]) => {
    if (above.includes(file)) cycles.push([...above.slice(above.indexOf(file)), file].join(" → "));
    if (above.includes(file) || done.has(file)) return;
    for (const target of edges.get(file) ?? []) visit(target, [...above, file]);
    done.add(file);
  };
  for (const file of edges.keys()) visit(file, []);
  expect(cycles).toEqual([]);
});

test("main.ts alone reads the environment", () => {
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"));
  const readers = files.filter((file) => readFileSync(join(root, file), "utf8").includes("process.env"));
  expect(readers).toEqual(["main.ts"]);
});
