// A request whose body has another form than its route takes is answered with the command that works.
import type { Context } from "hono";
import { createMiddleware } from "hono/factory";

import { clip } from "../../shared/input/characters.ts";
import type { App } from "./app.ts";
import { boundaryOf } from "./parse-form.ts";
import { problem } from "./problem.ts";
import { isProblem, readProblem } from "./problem-body.ts";

const MAX_TYPE_CHARS = 60;

/** The command that sends a request to the same address. @param args the arguments after the key. */
export function curl(c: Context<App>, args: string): string {
  const { origin, pathname } = new URL(c.req.url);
  return `curl ${origin}${pathname} -H "Authorization: Bearer $DARKROOM_KEY" ${args}`;
}

/** The route takes a form with a file. @param args of curl, such as `-F file=@recording.mp3`. */
export function expectForm(args: string) {
  return createMiddleware<App>(async (c, next) => {
    if (c.req.method !== "POST" || boundaryOf(typeOf(c)) !== null) return next();
    // The reader of forms knows what is wrong with a form.
    if (/^multipart\/form-data\b/i.test(typeOf(c))) return next();
    return refuse(c, `${whatCame(typeOf(c))}, and this route takes a form with a file: ${curl(c, args)}`);
  });
}

/** The route takes JSON. @param exampleFor a body for a path. */
export function expectJson(exampleFor: (path: string) => object) {
  return createMiddleware<App>(async (c, next) => {
    if (c.req.method !== "POST") return next();
    const args = `-H "Content-Type: application/json" -d '${JSON.stringify(exampleFor(c.req.path))}'`;
    // JSON often comes as another type, such as curl's own, but never as one of these.
    if (/^(?:multipart|audio|video|image)\/|^application\/octet-stream\b/i.test(typeOf(c))) {
      return refuse(c, `${whatCame(typeOf(c))}, and this route takes JSON: ${curl(c, args)}`);
    }
    await next();
    if (!isProblem(c.res)) return;
    const { headers, problem: found } = await readProblem(c.res.clone());
    if (found.code !== "invalid_json") return;
    c.res = undefined;
    c.res = problem(c, { code: "invalid_json", detail: `${found.detail} Send JSON: ${curl(c, args)}` }, headers);
  });
}

function typeOf(c: Context<App>): string {
  return c.req.header("content-type") ?? "";
}

function whatCame(type: string): string {
  const name = clip(type.split(";")[0] ?? "", MAX_TYPE_CHARS);
  if (name === "") return "the request has no Content-Type";
  if (/^application\/json$/i.test(name)) return "the body is JSON";
  return /^multipart\//i.test(name) ? "the body is a form" : `the body is one file ('${name}')`;
}

function refuse(c: Context<App>, message: string): Response {
  return problem(c, { code: "invalid_request", detail: message, issues: [{ path: "", message }] });
}
