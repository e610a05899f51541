import { createMiddleware } from "hono/factory";

import type { App } from "../http/app.ts";
import { isProblem, type FoundProblem, readProblem } from "../http/problem-body.ts";

/** Translate every problem into Replicate's format: `{ title, detail, status, invalid_fields? }`. */
export const speakReplicate = createMiddleware<App>(async (c, next) => {
  await next();
  if (!isProblem(c.res)) return;
  const { headers, problem } = await readProblem(c.res);
  c.res = undefined;
  c.res = c.json(fromProblem(problem), problem.status, headers);
});

function fromProblem({ status, title, detail, code, issues }: FoundProblem) {
  if (code === "unauthorized") return { title: "Unauthenticated", detail, status };
  if (code !== "invalid_request") return { title, detail, status };
  return {
    title: "Input validation failed",
    detail: issues.map(({ path, message }) => `- ${path === "" ? "request" : path}: ${message}\n`).join(""),
    status,
    invalid_fields: issues.map(({ path, message }) => ({ type: "invalid", field: path, description: message })),
  };
}

/** Accept `Authorization: Token …`, which older clients send. The rest of the API accepts only `Bearer`. */
export const acceptToken = createMiddleware<App>(async (c, next) => {
  const [, token] = /^Token +(\S+)$/i.exec(c.req.header("authorization") ?? "") ?? [];
  if (token !== undefined) {
    const headers = new Headers(c.req.raw.headers);
    headers.set("authorization", `Bearer ${token}`);
    c.req.raw = new Request(c.req.raw, { headers });
  }
  return next();
});
