import type { CallOptions, Http } from "./http.ts";

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/** A list that loads its pages as you iterate: `for await (const item of list)`. */
export interface Listing<Item> extends AsyncIterable<Item> {
  /** The first page only, or the page at `cursor` if the query has one. */
  page(): Promise<Page<Item>>;
  pages(): AsyncIterable<Page<Item>>;
}

/** `name` is the field of the answer that holds the items. */
export function listing<Item>(
  http: Http,
  { path, name, query }: { path: string; name: string; query: { cursor?: string | undefined } | undefined },
  options?: CallOptions,
): Listing<Item> {
  async function read(cursor: string | undefined): Promise<Page<Item>> {
    type Answer = { readonly nextCursor?: string | null } & Readonly<Record<string, unknown>>;
    const answer = await http.json<Answer>("GET", path, { ...options, query: { ...query, cursor } });
    return { items: answer[name] as readonly Item[], nextCursor: answer.nextCursor ?? null };
  }
  async function* pages() {
    let cursor = query?.cursor;
    for (;;) {
      const page = await read(cursor);
      yield page;
      if (page.nextCursor === null) return;
      cursor = page.nextCursor;
    }
  }
  return {
    page: () => read(query?.cursor),
    pages,
    async *[Symbol.asyncIterator]() {
      for await (const page of pages()) yield* page.items;
    },
  };
}
