import * as z from "zod";

import { JOB_STATES } from "../../shared/jobs/job.ts";
import { JOB_KINDS } from "../../shared/kinds/index.ts";
import { MetadataKey, MetadataValue, pairMark, Tag, tagMark } from "../../shared/jobs/tags-and-metadata.ts";
import { Cursor, Limit } from "../http/page-query.ts";
import { boundedText } from "../../shared/input/bounded-text.ts";

export { JobRequest } from "../../shared/kinds/index.ts";

export const DryRun = z.stringbool({ truthy: ["true"], falsy: ["false"] }).default(false);

/** The query of `POST /v1/jobs` and `POST /v1/jobs/batch`. `dryRun` does what their `/estimate` does, which has replaced it. */
export const SubmitQuery = z.strictObject({ dryRun: DryRun });

/** The query of `DELETE /v1/jobs/{id}`: whether to delete its source too. */
export const DeleteQuery = z.strictObject({
  source: z.stringbool({ truthy: ["true"], falsy: ["false"] }).default(false),
});

export const MAX_BATCH_JOBS = 100;

/** The body of `POST /v1/jobs/batch`. Each job is validated on its own, so that one mistake does not refuse the others. */
export const BatchRequest = z.strictObject({
  jobs: z
    .array(z.unknown())
    .min(1)
    .max(MAX_BATCH_JOBS)
    .meta({ items: { $ref: "#/components/schemas/JobRequest" } }),
});

const Time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

/** The `tag` parameter, which may be given up to 16 times. */
export const manyTags = z.union([Tag.transform((tag) => [tag]), z.array(Tag).max(16)]);
const PAIR_PREFIX = "metadata.";

/**
 * The query of `GET /v1/jobs`. Times are ISO 8601; `createdAfter` is inclusive, `createdBefore` is not. `tag` may be repeated, and
 * each `metadata.<key>=<value>` is a parameter of its own; a job must have them all. `text` is searched for in the file names,
 * prompts, texts and ids. `figures` adds progress and cost to each job, for which all its tasks are read.
 */
export const JobQuery = z
  .strictObject({
    state: z.enum(JOB_STATES).optional(),
    kind: z.enum(JOB_KINDS).optional(),
    label: boundedText({ max: 200, min: 1 }).optional(),
    text: boundedText({ max: 200, min: 1, trim: true }).optional(),
    figures: z.stringbool({ truthy: ["true"], falsy: ["false"] }).default(false),
    createdAfter: Time.optional(),
    createdBefore: Time.optional(),
    tag: manyTags.optional(),
    cursor: Cursor.optional(),
    limit: Limit,
  })
  .catchall(z.unknown())
  .transform((asked, context) => {
    const { state, kind, label, text, figures, createdAfter, createdBefore, tag = [], cursor, limit, ...rest } = asked;
    const marks = new Set(tag.map(tagMark));
    for (const [name, value] of Object.entries(rest)) {
      const key = MetadataKey.safeParse(name.slice(PAIR_PREFIX.length));
      if (!name.startsWith(PAIR_PREFIX) || !key.success) {
        context.addIssue({
          code: "unrecognized_keys",
          keys: [name],
          input: rest,
          message: `Unrecognized key: "${name}"`,
        });
        continue;
      }
      const pair = MetadataValue.safeParse(value);
      if (pair.success) marks.add(pairMark(key.data, pair.data));
      else {
        const message = typeof value === "string" ? pair.error.issues[0]?.message : undefined;
        context.addIssue({ code: "custom", path: [name], message: message ?? "give this parameter once" });
      }
    }
    const filter = { state, kind, label, text, createdAfter, createdBefore, marks: [...marks] };
    return { filter, figures, cursor, limit };
  });

/** The metadata parameters of `JobQuery` for OpenAPI: an exploded object whose property names are the parameters. */
export const METADATA_PARAMETER = {
  in: "query",
  name: "metadata",
  description: "each `metadata.<key>=<value>` that the job must have",
  style: "form",
  explode: true,
  schema: {
    type: "object",
    patternProperties: { "^metadata\\.[A-Za-z0-9_.-]{1,64}$": { type: "string", maxLength: 512 } },
  },
} as const;

export const wholeNumber = z.coerce.number().int().optional();
