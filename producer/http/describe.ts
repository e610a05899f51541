// Describes a route for the OpenAPI document. The schemas that validate requests are also the ones that the document shows.
import { createMiddleware } from "hono/factory";
import { describeRoute, type DescribeRouteOptions, resolver, uniqueSymbol } from "hono-openapi";
import type * as z from "zod";

import type { App } from "./app.ts";
import { PROBLEM_STATUS, type ProblemCode } from "./problem.ts";
import type { Tag } from "./tags.ts";
import { parseBody, parseQuery } from "./validate.ts";

interface AnyAnswer {
  readonly description: string;
  /** Media types of a body that is not JSON. */
  readonly media?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** The schema of the JSON body, with an example that fits it. Leave both out for an answer without one. */
type Whole = { readonly schema: z.ZodType; readonly example: unknown } | { readonly schema?: never };

/** The schema of the data of server-sent events, with an example of one. */
type Streamed = { readonly events: z.ZodType; readonly eventExample: unknown } | { readonly events?: never };

type Answer = AnyAnswer & Whole & Streamed;

export interface Description extends Omit<
  DescribeRouteOptions,
  "responses" | "operationId" | "summary" | "description" | "tags"
> {
  readonly operationId: string;
  /** What the operation does, in a line. */
  readonly summary: string;
  /** What a caller has to know besides: when to call it, what changes, who may. */
  readonly description: string;
  readonly tags: readonly [Tag];
  /** An example of the JSON body. */
  readonly request?: unknown;
  /** The successful answers by status. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** The problems that the route may answer. Every route that requires a key also answers `unauthorized` and `internal_error`. */
  readonly problems?: readonly ProblemCode[];
}

/** The problems of a route that parses a JSON body. */
export const BODY_PROBLEMS = ["invalid_json", "invalid_request", "body_too_large"] as const satisfies ProblemCode[];

/** The problems of a route that asks a model itself, and not by a job. */
export const MODEL_PROBLEMS = [
  "model_refused",
  "daily_allocation_used",
  "budget_used",
  "model_unavailable",
] as const satisfies ProblemCode[];

/** Where an operation holds the example of its JSON body until the document is made. */
export const REQUEST_EXAMPLE = "x-request-example";

/** Middleware that describes the route it belongs to. A test names what a description lacks. */
export function describe({ answers, problems = [], tags, request, ...rest }: Description) {
  return describeRoute({
    ...rest,
    tags: [...tags],
    // The middleware that parses the body describes it later; the document puts the example there.
    ...(request !== undefined && { [REQUEST_EXAMPLE]: request }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, responseOf(answer)])),
      ...problemResponses(problems),
    },
  });
}

/** Responses for these problems, one for each status, for `describeRoute`. Each has the schema of problems, limited to its codes. */
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

/**
 * Parse the query with this schema, and document its parameters. `c.req.valid("query")` is the result. `shown` is documented instead
 * if the route still accepts what another operation has replaced.
 */
export function query<Schema extends z.ZodType>(schema: Schema, { shown = schema }: { shown?: z.ZodType } = {}) {
  type Checked = { in: { query: z.input<Schema> }; out: { query: z.output<Schema> } };
  const middleware = createMiddleware<App, string, Checked>(async (c, next) => {
    const parsed = parseQuery(c, schema);
    if (!parsed.ok) return parsed.response;
    c.req.addValidatedData("query", parsed.value as object);
    return next();
  });
  return Object.assign(middleware, { [uniqueSymbol]: { target: "query", ...resolver(shown) } });
}

/**
 * Parse the JSON body with this schema, and document it. If the body may be left out, `absent` is used instead. `where` chooses the
 * schema by the deployment, if the schema depends on it.
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

/** Document a JSON body that the route accepts besides another media type, and parses itself. */
export function otherBody(schema: z.ZodType) {
  const middleware = createMiddleware<App>(async (_, next) => next());
  return Object.assign(middleware, { [uniqueSymbol]: { target: "json", ...resolver(schema) } });
}

/** A form with files, for the description of a route that reads it itself. */
export function formBody(schema: z.ZodType): NonNullable<DescribeRouteOptions["requestBody"]> {
  return { required: true, content: { "multipart/form-data": { schema: resolver(schema) } } };
}

/** The media types whose bodies are text. A generated client would take the others for JSON if they had a type. */
const TEXTS = /^text\/|xml$|subrip$/;

function responseOf({ description, media = [], headers = {}, ...shown }: Answer) {
  const other = media.map((type) => [type, { schema: TEXTS.test(type) ? { type: "string" as const } : {} }] as const);
  const content = {
    ...Object.fromEntries(other),
    ...(shown.events && { "text/event-stream": { schema: resolver(shown.events), example: shown.eventExample } }),
    ...(shown.schema && { "application/json": { schema: resolver(shown.schema), example: shown.example } }),
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
