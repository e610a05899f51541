// The size and the content of the files that a browser loads before it shows anything.
import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { expect, test } from "vitest";

const DIST = join(import.meta.dirname, "../dashboard/dist");
const INDEX = readFileSync(join(DIST, "index.html"), "utf8");
const MOST_FIRST_BYTES = 100_000;
const MOST_SAMPLE_BYTES = 200_000;

/** The files that the page names, which every browser loads. */
function named(ending: string): readonly string[] {
  return [...INDEX.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].flatMap(([, path = ""]) =>
    path.endsWith(ending) ? [path] : [],
  );
}

test("the first load has at most 100 kB of JavaScript, compressed", () => {
  const scripts = named(".js");
  expect(scripts.length).toBeGreaterThan(0);
  const bytes = scripts.reduce((sum, path) => sum + gzipSync(readFileSync(join(DIST, path))).length, 0);
  expect(bytes).toBeLessThan(MOST_FIRST_BYTES);
  const all = globSync("assets/*.js", { cwd: DIST });
  // Uppy, charts and archives are loaded when they are needed.
  expect(all.length).toBeGreaterThan(scripts.length + 5);
});

test("nothing is inline that the page's policy would refuse, and nothing is loaded from elsewhere", () => {
  expect(INDEX).not.toMatch(/<style|style=|<script(?![^>]*\bsrc=)|\bon\w+=/);
  const addresses = [...INDEX.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = ""]) => address);
  expect(addresses.filter((address) => !/^\/(assets|docs)\b/.test(address))).toEqual([]);
  for (const path of globSync("assets/*.css", { cwd: DIST })) {
    expect([path, readFileSync(join(DIST, path), "utf8").match(/https?:\/\/(?!www\.w3\.org)/g)]).toEqual([path, null]);
  }
});

test("the samples come with the page", () => {
  const samples = globSync("assets/*.{mp3,jpg,txt,prompt}", { cwd: DIST });
  expect(samples).toHaveLength(4);
  const bytes = samples.reduce((sum, path) => sum + statSync(join(DIST, path)).size, 0);
  expect(bytes).toBeLessThan(MOST_SAMPLE_BYTES);
});
