// Finds a word in any column of any table, and in any object of the bucket, its name or its metadata.

/** The number of rows that are read at a time. */
const PAGE = 200;

/** Return `table.column` and `r2:<key>` of all places with the word, in any case. The index of words and its pages are included. */
export async function findEverywhere({ DB, MEDIA }: Pick<Env, "DB" | "MEDIA">, word: string): Promise<string[]> {
  return [...(await findInTables(DB, word)), ...(await findInBucket(MEDIA, word))];
}

async function findInTables(db: D1Database, word: string): Promise<string[]> {
  const { results: tables } = await db
    .prepare(
      `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'`,
    )
    .all<{ name: string }>();
  const found = new Set<string>();
  let names = tables.map(({ name }) => name);
  for (let offset = 0; names.length > 0; offset += PAGE) {
    const pages = await db.batch<object>(
      names.map((name) => db.prepare(`SELECT * FROM "${name}" LIMIT ${PAGE} OFFSET ${offset}`)),
    );
    for (const [index, { results }] of pages.entries()) {
      for (const row of results) {
        for (const [column, value] of Object.entries(row)) {
          if (holds(value, word)) found.add(`${names[index]}.${column}`);
        }
      }
    }
    names = names.filter((_, index) => pages[index]?.results.length === PAGE);
  }
  return [...found];
}

async function findInBucket(media: R2Bucket, word: string): Promise<string[]> {
  const found: string[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await media.list({
      include: ["customMetadata", "httpMetadata"],
      ...(cursor !== undefined && { cursor }),
    });
    for (const { key, customMetadata } of page.objects) {
      const body = await (await media.get(key))?.arrayBuffer();
      if ([key, JSON.stringify(customMetadata), body].some((value) => holds(value, word))) found.push(`r2:${key}`);
    }
    if (!page.truncated) return found;
    cursor = page.cursor;
  }
}

function holds(value: unknown, word: string): boolean {
  if (typeof value === "string") return value.toLowerCase().includes(word.toLowerCase());
  const bytes =
    value instanceof ArrayBuffer ? new Uint8Array(value) : Array.isArray(value) ? Uint8Array.from(value) : null;
  return bytes !== null && new TextDecoder("latin1").decode(bytes).toLowerCase().includes(word.toLowerCase());
}
