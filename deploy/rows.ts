import { stripVTControlCharacters } from "node:util";

import type * as z from "zod";

/** One entry of a list that wrangler prints, as the fields of its lines: `prefix:      inbox/`. */
export type Row = Readonly<Record<string, string>>;

/** Wrangler prints some lists as lines, with an empty line between entries. Other text is ignored. */
export function rowsIn(stdout: string): readonly Row[] {
  const blocks = stripVTControlCharacters(stdout).split(/\n\s*\n/);
  return blocks.map(rowIn).filter((row) => Object.keys(row).length > 0);
}

function rowIn(block: string): Row {
  const lines = block.split("\n").flatMap((line) => {
    const [, name, value] = /^(\w+):\s+(.*\S)\s*$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(lines);
}

/** Parse what a command printed with `--json`; null if it does not match. */
export function jsonIn<T>(stdout: string, schema: z.ZodType<T>): T | null {
  try {
    return schema.safeParse(JSON.parse(stdout)).data ?? null;
  } catch {
    return null;
  }
}
