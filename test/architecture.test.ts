// The documentation must match the code: function names, folders, commands, and links between pages.
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const PAGE = readFileSync(join(ROOT, "docs/architecture.md"), "utf8");
const MAX_TERMS = 35;

function sources(): string {
  const files = globSync("{producer,consumer,shared}/**/*.ts", { cwd: ROOT });
  return [...files, "worker.ts"].map((file) => readFileSync(join(ROOT, file), "utf8")).join("\n");
}

/** Whether the code defines a function of this name: declared, as a constant, or as a method. */
function isDefined(name: string, code: string): boolean {
  return new RegExp(`\\bfunction ${name}\\b|\\bconst ${name}\\b|^ +(?:async )?${name}\\([^;]*\\{$`, "m").test(code);
}

function diagrams(): readonly string[] {
  return [...PAGE.matchAll(/^```mermaid\nsequenceDiagram\n(.*?)^```/gms)].map(([, diagram = ""]) => diagram);
}

function namesIn(text: string): readonly string[] {
  return [...new Set([...text.matchAll(/(?<![.\w])([a-z]\w*)\(\)/g)].map(([, name = ""]) => name))];
}

test("every function that the architecture page names exists", () => {
  const code = sources();
  for (const diagram of diagrams()) expect(namesIn(diagram).length).toBeGreaterThan(5);
  expect(diagrams()).toHaveLength(2);
  expect(namesIn(PAGE).filter((name) => !isDefined(name, code))).toEqual([]);
  expect(isDefined("noSuchFunctionAnywhere", code)).toBe(false);
});

test("every folder that the architecture page names exists", () => {
  const folders = [...PAGE.matchAll(/`([a-z]+(?:\/[a-z-]+)*\/)`/g)].map(([, folder = ""]) => folder);
  expect(folders.length).toBeGreaterThan(10);
  expect(folders.filter((folder) => folder !== "inbox/" && !existsSync(join(ROOT, folder)))).toEqual([]);
});

test(`the glossary has at most ${MAX_TERMS} terms`, () => {
  const [, glossary = ""] = PAGE.split("## Glossary");
  const terms = glossary.split("\n").filter((line) => line.startsWith("| ")).length - 1; // the heading
  expect(terms).toBeGreaterThan(20);
  expect(terms).toBeLessThanOrEqual(MAX_TERMS);
});

test("every link between pages leads to a file and to a heading in it", () => {
  expect(pages().length).toBeGreaterThan(15);
  expect(pages().flatMap((page) => brokenLinks(page))).toEqual([]);
});

test("every command that a page names exists", () => {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  // The changelog also names commands of the past.
  const current = pages().filter((page) => page !== "CHANGELOG.md");
  const named = current.flatMap((page) =>
    [...readFileSync(join(ROOT, page), "utf8").matchAll(/\b(?:npm run (\w[\w:-]*)|(bin\/[a-z]+))\b/g)].map(
      ([, script, program = ""]) => ({ page, script, program }),
    ),
  );
  expect(named.length).toBeGreaterThan(40);
  const isThere = ({ script, program }: (typeof named)[number]) =>
    script === undefined ? existsSync(join(ROOT, program)) : script in scripts;
  expect(named.filter((one) => !isThere(one))).toEqual([]);
});

test("every heading that a message of the code refers to exists", () => {
  const files = globSync("{producer,consumer,shared,smoke,deploy,client}/**/*.ts", { cwd: ROOT });
  const named = files.flatMap((file) =>
    [...readFileSync(join(ROOT, file), "utf8").matchAll(/(docs\/[a-z-]+\.md)(?:, ([A-Z][^,.:;"`]*))?/g)].map(
      ([, page = "", heading]) => ({ file, page, heading: heading?.trim() }),
    ),
  );
  expect(named.filter(({ heading }) => heading !== undefined).length).toBeGreaterThan(10);
  const isThere = ({ page, heading }: (typeof named)[number]) =>
    existsSync(join(ROOT, page)) &&
    (heading === undefined || titles(readFileSync(join(ROOT, page), "utf8")).includes(heading));
  expect(named.filter((one) => !isThere(one))).toEqual([]);
});

function pages(): readonly string[] {
  return globSync("**/*.md", { cwd: ROOT, exclude: (path) => /node_modules|^\./.test(path) });
}

function brokenLinks(page: string): readonly string[] {
  const text = readFileSync(join(ROOT, page), "utf8").replaceAll(/^```.*?^```/gms, "");
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = ""]) => {
    if (/^[a-z]+:/.test(link)) return [];
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? join(ROOT, page) : join(ROOT, dirname(page), path);
    if (!existsSync(target)) return [`${page}: ${link} (no such file)`];
    if (anchor === undefined || !target.endsWith(".md")) return [];
    return headings(readFileSync(target, "utf8")).has(anchor)
      ? []
      : [`${page}: ${link} (no such heading in ${relative(ROOT, target)})`];
  });
}

/** Return the anchors that GitHub makes: lower case, without punctuation, with a hyphen for each space. */
function headings(text: string): ReadonlySet<string> {
  const anchors = titles(text).map((title) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
  return new Set(anchors);
}

function titles(text: string): readonly string[] {
  return [...text.replaceAll(/^```.*?^```/gms, "").matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) => title);
}
