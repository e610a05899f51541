import { Hono } from "hono";

import type { App } from "../http/app.ts";
import { describe } from "../http/describe.ts";
import { PAGE, STYLE } from "./page.ts";
import { SCRIPT } from "./script.ts";

export const docs = new Hono<App>();

const HEADERS = {
  "cache-control": "public, max-age=300",
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

const FILES = [
  {
    path: "/docs",
    type: "text/html",
    text: PAGE,
    operationId: "readDocs",
    summary: "Show this API as a page",
    description:
      "Shows the operations with samples, and sends requests with a key. It loads nothing from other servers.",
  },
  {
    path: "/docs.js",
    type: "text/javascript",
    text: SCRIPT,
    operationId: "readDocsScript",
    summary: "Read the script of the page",
    description: "Belongs to `/docs`.",
  },
  {
    path: "/docs.css",
    type: "text/css",
    text: STYLE,
    operationId: "readDocsStyle",
    summary: "Read the style sheet of the page",
    description: "Belongs to `/docs`.",
  },
] as const;

for (const { path, type, text, ...about } of FILES) {
  docs.get(
    path,
    describe({ ...about, tags: ["service"], answers: { 200: { description: "the file", media: [type] } } }),
    (c) => c.body(text, 200, { ...HEADERS, "content-type": `${type}; charset=utf-8` }),
  );
}
