import { stripVTControlCharacters } from "node:util";

import type * as z from "zod";

/** One of the things that a command of wrangler's lists, by the names of its lines: `prefix:      inbox/`. */
export type Row = Readonly<Record<string, string>>;

/** Wrangler lists some things as lines, with an empty one between two things. Text without such lines is left out. */
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

/** What a command printed with `--json`; null if it is not as expected. */
export function jsonIn<T>(stdout: string, schema: z.ZodType<T>): T | null {
  try {
    return schema.safeParse(JSON.parse(stdout)).data ?? null;
  } catch {
    return null;
  }
}
