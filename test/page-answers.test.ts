// The page as the Worker serves it: only at its own addresses, and with the headers for browsers.
import { globSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { OWN_SECRETS, startDarkroom } from "./harness.ts";
import { expectProblem } from "./redriving.ts";

const BUCKET = "https://account.r2.cloudflarestorage.com/darkroom-media";
const darkroom = startDarkroom({ ...OWN_SECRETS, R2_ENDPOINT: BUCKET });
const DIST = join(import.meta.dirname, "../dashboard/dist");

test.each(["/", "/jobs", "/jobs/some-job/transcript?at=3", "/new", "/pictures", "/operate/dead-letters"])(
  "%s is the page, for anybody, with a policy that names no exception",
  async (path) => {
    const response = await darkroom.api(path, { key: null });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^text\/html/);
    expect(await response.text()).toContain('<div id="app">');
    const policy = Object.fromEntries(
      (response.headers.get("content-security-policy") ?? "").split("; ").map((part) => {
        const [name = "", ...sources] = part.split(" ");
        return [name, sources.join(" ")];
      }),
    );
    expect(policy).toEqual({
      "default-src": "'none'",
      "script-src": "'self'",
      "style-src": "'self'",
      "font-src": "'self'",
      "img-src": "'self' blob: data:",
      "media-src": "'self' blob: data:",
      // Uploads in parts go directly to the bucket.
      "connect-src": `'self' ${new URL(BUCKET).origin}`,
      "base-uri": "'none'",
      "form-action": "'none'",
      "frame-ancestors": "'none'",
    });
    expect(response.headers.get("x-frame-options")).toBe("DENY");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.get("referrer-policy")).toBe("no-referrer");
    expect(response.headers.get("cross-origin-resource-policy")).toBe("same-origin");
    // A deployment is visible at once: the page is requested again each time, and its files never.
    expect(response.headers.get("cache-control")).toMatch(/max-age=0, must-revalidate/);
  },
);

test("an answer that the browser already has is not sent again, and HEAD has no body", async () => {
  const first = await darkroom.api("/", { key: null });
  const etag = first.headers.get("etag") ?? "";
  expect(etag).not.toBe("");
  const again = await darkroom.api("/operate", { key: null, headers: { "if-none-match": etag } });
  expect([again.status, await again.text()]).toEqual([304, ""]);
  const head = await darkroom.api("/", { key: null, method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
});

test.each(["/nope", "/jobsx", "/operation", "/index.html"])("%s is no page, but a problem", async (path) => {
  await expectProblem(
    await darkroom.api(path, { headers: { accept: "text/html" } }),
    404,
    "not_found",
    /is not part of this API/,
  );
});

test("the page cannot be posted to", async () => {
  await expectProblem(await darkroom.post("/", {}), 404, "not_found", /is not part of this API/);
});

test("its files are kept for ever, have a policy of their own, and one that is gone is not the page", async () => {
  // The request goes through the platform, which serves the files without the Worker.
  const [script = ""] = globSync("assets/*.js", { cwd: DIST });
  const response = await fetch(`${darkroom.origin()}/${script}`);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toMatch(/javascript/);
  expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  expect(response.headers.get("content-security-policy")).toBe("default-src 'none'; frame-ancestors 'none'");
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  const gone = await fetch(`${darkroom.origin()}/assets/gone-12345678.js`);
  expect(gone.status).toBe(404);
});
