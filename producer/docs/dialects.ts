// The documents: one of Darkroom's own routes, and one for each dialect. Every route is in exactly one of them.
import { resolver } from "hono-openapi";
import * as z from "zod";

import { problemResponses } from "../http/describe.ts";
import { PROBLEMS, PROBLEM_STATUS, type ProblemCode } from "../http/problem.ts";
import { DIALECT_TAGS, TAGS } from "../http/tags.ts";
import { fromProblem } from "../openai/errors.ts";
import { OpenAiErrorBody, ReplicateErrorBody } from "./schema.ts";

/** How a document describes errors: the responses for problems. */
export type DescribeErrors = (codes: readonly ProblemCode[]) => object;

interface Part {
  readonly title: string;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly holds: (path: string) => boolean;
  readonly describeErrors: DescribeErrors;
}

/** The errors of the dialects, to which `errorsAs` refers. */
const ERROR_BODIES = z.tuple([OpenAiErrorBody, ReplicateErrorBody]);

export const PARTS = {
  darkroom: {
    title: "Darkroom",
    description:
      "A media job pipeline: transcription, image generation and classification. Times are in ISO 8601, sizes in bytes, " +
      "durations in milliseconds. Every error is a problem (RFC 9457) whose `code` is listed with its status.",
    tags: TAGS,
    holds: (path) => !/^\/(openai|replicate)\//.test(path),
    describeErrors: problemResponses,
  },
  openai: {
    title: "Darkroom for the SDKs of OpenAI",
    description:
      "The part of OpenAI's API that Darkroom accepts. The address for an SDK is `/openai/v1`, and the key is a key of Darkroom. " +
      "Errors have OpenAI's form. `/openapi.json` describes Darkroom's own API.",
    tags: DIALECT_TAGS,
    holds: (path) => path.startsWith("/openai/"),
    describeErrors: errorsAs("OpenAiError", statusAtOpenAi),
  },
  replicate: {
    title: "Darkroom for the SDKs of Replicate",
    description:
      "The part of Replicate's API that Darkroom accepts. The address for an SDK is `/replicate/v1`, and the key is a key of Darkroom. " +
      "Errors have Replicate's form. `/openapi.json` describes Darkroom's own API.",
    tags: DIALECT_TAGS,
    holds: (path) => path.startsWith("/replicate/"),
    describeErrors: errorsAs("ReplicateError", (code) => PROBLEM_STATUS[code]),
  },
} as const satisfies Record<string, Part>;

export type PartName = keyof typeof PARTS;

/** Describe problems as the errors of a dialect, whose status may be another. */
function errorsAs(schema: string, statusOf: (code: ProblemCode) => number): DescribeErrors {
  const content = { "application/json": { schema: { $ref: `#/components/schemas/${schema}` } } };
  return (codes) =>
    Object.fromEntries(
      [...Map.groupBy(codes, statusOf)].map(([status, those]) => {
        const titles = those.map((code) => PROBLEMS[code][1].toLowerCase());
        return [status, { description: titles.join("; "), content }];
      }),
    );
}

function statusAtOpenAi(code: ProblemCode): number {
  const [status, title] = PROBLEMS[code];
  return fromProblem({ code, status, title, detail: "", issues: [] }).status;
}

export async function errorComponents() {
  return (await resolver(ERROR_BODIES).toOpenAPISchema()).components?.schemas ?? {};
}
