import { stripVTControlCharacters } from "node:util";

import type { Row } from "./run-checks.ts";

const RESULTS = { pass: "pass", fail: "FAIL", skipped: "skipped" } as const;
const NARROWEST = 40;

/** Print each check: its name, result and finding, and below it what to do. */
export function tableOf(rows: readonly Row[], columns: number): string {
  const nameWidth = Math.max(...rows.map(({ name }) => name.length));
  const indent = " ".repeat(nameWidth + 11);
  const width = Math.max(NARROWEST, columns - indent.length);
  return rows
    .flatMap(({ name, result, means, todo }) => {
      const lines = [...wrap(means, width), ...(todo === undefined ? [] : wrap(`-> ${todo}`, width))];
      const [first = "", ...rest] = lines;
      return [
        `${name.padEnd(nameWidth)}  ${RESULTS[result].padEnd(7)}  ${first}`,
        ...rest.map((line) => indent + line),
      ];
    })
    .join("\n");
}

/** Wrap a text. Control characters are removed, so that text from a model or a bucket cannot move the cursor. */
function wrap(text: string, width: number): readonly string[] {
  return stripVTControlCharacters(text)
    .split("\n")
    .flatMap((line) => {
      const lines: string[] = [];
      let rest = line.replaceAll(/\p{Cc}+/gu, " ");
      while (rest.length > width) {
        const space = rest.lastIndexOf(" ", width);
        const end = space > 0 ? space : width;
        lines.push(rest.slice(0, end));
        rest = rest.slice(end).trimStart();
      }
      return [...lines, rest];
    });
}
