/** Connections in the sense of Relay (https://relay.dev/graphql/connections.htm). */
import type { Page } from "../engine/pages.ts";
import { builder } from "./builder.ts";

export interface Edge<Node> {
  readonly cursor: string;
  readonly node: Node;
}

export interface Connection<Node> {
  readonly edges: readonly Edge<Node>[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

const PageInfo = builder.objectRef<Connection<unknown>>("PageInfo").implement({
  access: "given",
  description: "Where a page lies in its list.",
  fields: (t) => ({
    hasNextPage: t.exposeBoolean("hasNextPage", { description: "Whether there is more behind the last edge." }),
    hasPreviousPage: t.exposeBoolean("hasPreviousPage", {
      description: "Whether there is more ahead of the first edge.",
    }),
    startCursor: t.string({
      nullable: true,
      description: "Cursor of the first edge: pass it as `before`. Null on an empty page.",
      resolve: ({ edges }) => edges[0]?.cursor ?? null,
    }),
    endCursor: t.string({
      nullable: true,
      description: "Cursor of the last edge: pass it as `after`. Null on an empty page.",
      resolve: ({ edges }) => edges.at(-1)?.cursor ?? null,
    }),
  }),
});

type NodeRef<Node> = PothosSchemaTypes.ObjectRef<typeof builder.$inferSchemaTypes, Node>;

/** Makes `XConnection` and `XEdge` for a node type `X`. */
export function connectionType<Node extends object>(name: string, node: NodeRef<Node>) {
  const EdgeType = builder.objectRef<Edge<Node>>(`${name}Edge`).implement({
    access: "given",
    description: `A ${name} and its place in the list.`,
    fields: (t) => ({
      cursor: t.exposeString("cursor", { description: "Opaque; pass it as `after` or `before` to the same field." }),
      node: t.expose("node", { type: node, description: "What is at this place." }),
    }),
  });
  return builder.objectRef<Connection<Node>>(`${name}Connection`).implement({
    access: "given",
    description: `A page of a list of type ${name}.`,
    fields: (t) => ({
      edges: t.field({ type: [EdgeType], description: "In the list's order.", resolve: ({ edges }) => [...edges] }),
      nodes: t.field({
        type: [node],
        description: "The nodes of the edges, for those who need no cursors.",
        resolve: ({ edges }) => edges.map((edge) => edge.node),
      }),
      pageInfo: t.field({ type: PageInfo, description: "Where the page lies.", resolve: (connection) => connection }),
    }),
  });
}

/** Its cursor is made when it is asked for: most pages are read for their nodes. */
class PageEdge<Item, Node> implements Edge<Node> {
  readonly node: Node;
  readonly #item: Item;
  readonly #cursorOf: (item: Item) => string;

  constructor(item: Item, cursorOf: (item: Item) => string, node: Node) {
    this.node = node;
    this.#item = item;
    this.#cursorOf = cursorOf;
  }

  get cursor(): string {
    return this.#cursorOf(this.#item);
  }
}

export function toConnection<Item, Node>(
  page: Page<Item>,
  cursorOf: (item: Item) => string,
  nodeOf: (item: Item) => Node,
): Connection<Node> {
  const { items, hasNextPage, hasPreviousPage } = page;
  const edges = items.map((item) => new PageEdge(item, cursorOf, nodeOf(item)));
  return { edges, hasNextPage, hasPreviousPage };
}

/** The four page arguments, described. */
export function pageArguments(fallback: string) {
  return builder.args((t) => ({
    first: t.int({
      description: `The first so many of the list, 0 to 100. Without \`first\` and \`last\`: ${fallback}.`,
    }),
    after: t.string({ description: "Only what lies behind this cursor." }),
    last: t.int({ description: "The last so many of the list, 0 to 100. Not together with `first`." }),
    before: t.string({ description: "Only what lies ahead of this cursor." }),
  }));
}
