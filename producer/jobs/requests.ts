import * as z from "zod";

import { CAPTION_PRESETS, CaptionOptions } from "../../shared/captions/layout.ts";
import { ACTS } from "../../shared/db/keys/audit.ts";
import { LETTER_STATES } from "../../shared/db/redrives/dead-letter-reads.ts";
import { JOB_KINDS, JOB_STATES } from "../../shared/jobs/job.ts";
import { MAX_QUESTION_CHARS } from "../../shared/limits.ts";
import { TIERS } from "../../shared/models/models.ts";
import { ClassificationOptions, ImageOptions, Prompt, Text, TranscriptionOptions } from "../../shared/jobs/options.ts";
import { JobMarks, MetadataKey, MetadataValue, pairMark, Tag, tagMark } from "../../shared/jobs/tags-and-metadata.ts";
import { RedriveFilter, RedriveLimit, RedriveRate } from "../../shared/redrives/redrive.ts";
import { isResultKey, ObjectKey } from "../../shared/uploads/storage.ts";
import { AskedSteps } from "../../shared/jobs/steps.ts";
import { JobTerms } from "../../shared/jobs/terms.ts";
import { AnyObject, boundedText } from "../../shared/input/bounded-text.ts";
import { decodeCursor } from "../http/cursor.ts";

const SourceKey = ObjectKey.refine((key) => !isResultKey(key), "results cannot be sources");

// `exactly one of` in a form whose error names the field, unlike a union's.
function oneOf(value: Record<string, unknown>, names: readonly string[], context: z.RefinementCtx): void {
  if (names.filter((name) => value[name] !== undefined).length === 1) return;
  context.addIssue({ code: "custom", path: [names[0] ?? ""], message: `give exactly one of ${names.join(", ")}` });
}

/** What every kind of job may be told beside its work. */
const About = { then: AskedSteps, ...JobTerms.shape, ...JobMarks.shape };

/** The body of `POST /v1/jobs`. `source` is the key of an object in the bucket. */
export const JobRequest = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("transcription"),
      source: SourceKey,
      options: TranscriptionOptions.prefault({}),
      ...About,
    }),
    z
      .strictObject({
        kind: z.literal("image_generation"),
        prompt: Prompt.optional(),
        source: SourceKey.optional(),
        options: ImageOptions.prefault({}),
        ...About,
      })
      .superRefine((value, context) => oneOf(value, ["prompt", "source"], context)),
    z
      .strictObject({
        kind: z.literal("classification"),
        text: Text.optional(),
        source: SourceKey.optional(),
        options: ClassificationOptions.prefault({}),
        ...About,
      })
      .superRefine((value, context) => oneOf(value, ["source", "text"], context)),
  ])
  .meta({ id: "JobRequest" });
export type JobRequest = z.infer<typeof JobRequest>;

export const DryRun = z.stringbool({ truthy: ["true"], falsy: ["false"] }).default(false);

/** The query of `POST /v1/jobs` and `POST /v1/jobs/batch`. A dry run prices the work and makes nothing. */
export const SubmitQuery = z.strictObject({ dryRun: DryRun });

/** The query of `DELETE /v1/jobs/{id}`: whether its source goes too. */
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

/** Far longer than any that was given out. */
const MAX_CURSOR_CHARS = 500;

const Cursor = boundedText({ max: MAX_CURSOR_CHARS }).transform((cursor, context) => {
  const position = decodeCursor(cursor);
  if (position !== null) return position;
  context.addIssue({ code: "custom", message: "not a cursor of this list" });
  return z.NEVER;
});
const Limit = z.coerce.number().int().min(1).max(100).default(20);
const Time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

/** A parameter that may be given many times. */
export const manyTags = z.union([Tag.transform((tag) => [tag]), z.array(Tag).max(16)]);
const PAIR_PREFIX = "metadata.";

/**
 * The query of `GET /v1/jobs`. Times are ISO 8601; `createdAfter` is inclusive, `createdBefore` is not. `tag` may be
 * repeated, and each `metadata.<key>=<value>` is a parameter of its own; a job must carry them all.
 */
export const JobQuery = z
  .strictObject({
    state: z.enum(JOB_STATES).optional(),
    kind: z.enum(JOB_KINDS).optional(),
    label: boundedText({ max: 200, min: 1 }).optional(),
    createdAfter: Time.optional(),
    createdBefore: Time.optional(),
    tag: manyTags.optional(),
    cursor: Cursor.optional(),
    limit: Limit,
  })
  .catchall(z.unknown())
  .transform(({ state, kind, label, createdAfter, createdBefore, tag = [], cursor, limit, ...rest }, context) => {
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
        context.addIssue({ code: "custom", path: [name], message: message ?? "expected one value" });
      }
    }
    return { filter: { state, kind, label, createdAfter, createdBefore, marks: [...marks] }, cursor, limit };
  });

/** What `JobQuery` says in words of OpenAPI: an exploded object whose names are the parameters. */
export const METADATA_PARAMETER = {
  in: "query",
  name: "metadata",
  description: "each `metadata.<key>=<value>` that the job must carry",
  style: "form",
  explode: true,
  schema: {
    type: "object",
    patternProperties: { "^metadata\\.[A-Za-z0-9_.-]{1,64}$": { type: "string", maxLength: 512 } },
  },
} as const;

/** The body of `POST /v1/jobs/{id}/ask`. */
export const AskRequest = z.strictObject({
  question: boundedText({ max: MAX_QUESTION_CHARS, min: 1, trim: true, empty: "the question is empty" }),
  tier: z.enum(TIERS).default("fast"),
});

/** The body of `POST /v1/queues/{kind}/pause`; clients whose jobs wait read the note. */
export const PauseRequest = z.strictObject({ note: boundedText({ max: 500, min: 1, trim: true }).optional() });

/** Of a call that takes no parameters. */
export const NoQuery = z.strictObject({});

export const PageQuery = z.strictObject({ cursor: Cursor.optional(), limit: Limit });

/** The query of `GET /v1/dead-letters`: groups, unless letters of one fingerprint or a list are asked for. */
export const DeadLetterQuery = PageQuery.extend({
  state: z.enum([...LETTER_STATES, "all"]).default("open"),
  fingerprint: boundedText({ max: 200, min: 1 }).optional(),
  view: z.enum(["groups", "list"]).optional(),
});

/** The body of `POST /v1/dead-letters/{id}/redrive`, which may be left out. */
export const RedriveOneRequest = z.strictObject({
  options: AnyObject.optional(),
  maxNeurons: JobTerms.shape.maxNeurons,
});

/** The body of `POST /v1/dead-letters/{id}/discard`. */
export const DiscardRequest = z.strictObject({
  note: boundedText({ max: 500, min: 1, trim: true, empty: "say why" }),
});

/** The body of `POST /v1/redrives`. */
export const RedriveRequest = z.strictObject({
  filter: RedriveFilter,
  limit: RedriveLimit,
  ratePerSecond: RedriveRate,
  dryRun: z.boolean().default(false),
  canary: z.boolean().default(false),
});

/** The query of `GET /v1/audit`. */
export const AuditQuery = PageQuery.extend({
  subject: boundedText({ max: 300, min: 1 }).optional(),
  act: z.enum(ACTS).optional(),
});

export const wholeNumber = z.coerce.number().int().optional();

const timeMs = z.coerce.number().int().min(0);

/**
 * The query of `GET /v1/jobs/{id}/transcript`. A preset sets all of the caption options; single ones override it. Between
 * `fromMs` and `toMs` the transcript is an excerpt.
 */
export const TranscriptQuery = z
  .strictObject({
    format: z.enum(["json", "txt", "vtt", "srt"]).default("json"),
    fromMs: timeMs.default(0),
    toMs: timeMs.optional(),
    preset: z.enum(["netflix", "bbc"]).optional(),
    maxLineLength: wholeNumber,
    maxLines: wholeNumber,
    minDurationMs: wholeNumber,
    maxDurationMs: wholeNumber,
    maxCharsPerSecond: z.coerce.number().optional(),
    minGapMs: wholeNumber,
  })
  .refine(({ fromMs, toMs = Number.POSITIVE_INFINITY }) => fromMs < toMs, {
    path: ["toMs"],
    message: "must be later than fromMs",
  })
  .transform(({ format, preset, fromMs, toMs = Number.POSITIVE_INFINITY, ...single }, context) => {
    const given = Object.fromEntries(Object.entries(single).filter(([, value]) => value !== undefined));
    const captions = CaptionOptions.safeParse({ ...(preset && CAPTION_PRESETS[preset]), ...given });
    if (captions.success) return { format, fromMs, toMs, captions: captions.data };
    for (const issue of captions.error.issues)
      context.addIssue({ code: "custom", path: issue.path, message: issue.message });
    return z.NEVER;
  });
