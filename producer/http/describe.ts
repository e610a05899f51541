// How a route tells what it is: the schemas that validate its requests are those that the document shows.
import { createMiddleware } from "hono/factory";
import { describeRoute, type DescribeRouteOptions, resolver, uniqueSymbol } from "hono-openapi";
import type * as z from "zod";

import type { App } from "./app.ts";
import { PROBLEM_STATUS, type ProblemCode } from "./problem.ts";
import { parseBody, parseQuery } from "./validate.ts";

interface Answer {
  readonly description: string;
  /** Of the JSON body; left out for answers without one. */
  readonly schema?: z.ZodType;
  /** Of the data of server-sent events. */
  readonly events?: z.ZodType;
  /** Media types of a body that is no JSON. */
  readonly media?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Description extends Omit<DescribeRouteOptions, "responses" | "operationId"> {
  readonly summary: string;
  readonly operationId: string;
  /** By status. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** What else it may answer; every route that wants a key also answers `unauthorized` and `internal_error`. */
  readonly problems?: readonly ProblemCode[];
}

/** Codes of a route that parses a JSON body. */
export const BODY_PROBLEMS = ["invalid_json", "invalid_request", "body_too_large"] as const satisfies ProblemCode[];

/** Describe the route that this stands in front of. */
export function describe({ answers, problems = [], ...rest }: Description) {
  return describeRoute({
    ...rest,
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, responseOf(answer)])),
      ...problemResponses(problems),
    },
  });
}

/** Responses for these problems, one a status, for `describeRoute`: the one schema of problems with these codes. */
export function problemResponses(codes: readonly ProblemCode[]) {
  const byStatus = Map.groupBy(codes, (code) => String(PROBLEM_STATUS[code]));
  return Object.fromEntries(
    [...byStatus].map(([status, those]) => {
      const one = { type: "object" as const, properties: { code: { type: "string" as const, enum: those } } };
      const schema = { allOf: [{ $ref: "#/components/schemas/Problem" }, one] };
      return [status, { description: those.join(", "), content: { "application/problem+json": { schema } } }];
    }),
  );
}

/** Parse the query with this schema, and document its parameters. `c.req.valid("query")` is the result. */
export function query<Schema extends z.ZodType>(schema: Schema) {
  type Checked = { in: { query: z.input<Schema> }; out: { query: z.output<Schema> } };
  const middleware = createMiddleware<App, string, Checked>(async (c, next) => {
    const parsed = parseQuery(c, schema);
    if (!parsed.ok) return parsed.response;
    c.req.addValidatedData("query", parsed.value as object);
    return next();
  });
  return Object.assign(middleware, { [uniqueSymbol]: { target: "query", ...resolver(schema) } });
}

/**
 * Parse the JSON body with this schema, and document it. `absent` stands for a body that may be left out; `where` is for
 * a schema that is stricter or laxer by where this runs.
 */
export function body<Schema extends z.ZodType>(
  schema: Schema,
  { absent, where = () => schema }: { absent?: z.input<Schema>; where?: (env: Env) => Schema } = {},
) {
  type Checked = { in: { json: z.input<Schema> }; out: { json: z.output<Schema> } };
  const middleware = createMiddleware<App, string, Checked>(async (c, next) => {
    const parsed = await parseBody(c, where(c.env), absent);
    if (!parsed.ok) return parsed.response;
    c.req.addValidatedData("json", parsed.value as object);
    return next();
  });
  return Object.assign(middleware, { [uniqueSymbol]: { target: "json", ...resolver(schema) } });
}

/** Document a JSON body that the route takes beside another kind, and parses itself. */
export function otherBody(schema: z.ZodType) {
  const middleware = createMiddleware<App>(async (_, next) => next());
  return Object.assign(middleware, { [uniqueSymbol]: { target: "json", ...resolver(schema) } });
}

function responseOf({ description, schema, events, media = [], headers = {} }: Answer) {
  const binary = media.map((type) => [type, { schema: {} }] as const);
  const content = {
    ...Object.fromEntries(binary),
    ...(events && { "text/event-stream": { schema: resolver(events) } }),
    ...(schema && { "application/json": { schema: resolver(schema) } }),
  };
  return {
    description,
    ...(Object.keys(content).length > 0 && { content }),
    ...(Object.keys(headers).length > 0 && {
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, text]) => [
          name,
          { description: text, schema: { type: "string" as const } },
        ]),
      ),
    }),
  };
}
