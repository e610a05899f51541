import * as z from "zod";

import { countChars } from "../../shared/input/characters.ts";
import { JOB_KINDS, kindOf } from "../../shared/kinds/index.ts";
import {
  MAX_OPTIONS_CHARS,
  MAX_PARTS,
  MAX_PRESIGNED_BYTES,
  MAX_SINGLE_PUT_BYTES,
  MAX_URLS_AN_ANSWER,
  MIN_PART_BYTES,
} from "../../shared/limits.ts";
import { JobMarks } from "../../shared/jobs/tags-and-metadata.ts";
import { readJson } from "../../shared/input/read-json.ts";
import { AskedSteps, STEPS } from "../../shared/jobs/steps.ts";
import { JobTerms, PRIORITIES } from "../../shared/jobs/terms.ts";
import { AnyObject, boundedText } from "../../shared/input/bounded-text.ts";
import { DryRun, manyTags, wholeNumber } from "../jobs/requests.ts";
import { reasonOf } from "../http/reason.ts";
import { canFollow } from "../../shared/jobs/with-steps.ts";

// oxlint-disable-next-line no-control-regex
const FILE_NAME = /^[^/\\\x00-\x1f\x7f-\x9f]+$/;

export const FileName = boundedText({
  max: 200,
  min: 1,
  // The name becomes the end of a key and the name of a download, so it must not have characters that a file system interprets.
  pattern: [FILE_NAME, "a file name without slashes or control characters"],
}).refine((name) => name !== "." && name !== "..", "must be a file name, not '.' or '..'");

const manySteps = z.union([z.enum(STEPS).transform((step) => [step]), z.array(z.enum(STEPS)).max(STEPS.length)]);

/** The query of `POST /v1/uploads`. */
export const UploadQuery = z.strictObject({
  name: FileName.default("upload"),
  kind: z.enum(JOB_KINDS).optional(),
  /** The kind's options as JSON. */
  options: boundedText({ max: MAX_OPTIONS_CHARS })
    .superRefine((json, context) => void readObject(json, AnyObject, context))
    .optional(),
  /** This parameter may be repeated. */
  then: manySteps.optional(),
  priority: z.enum(PRIORITIES).optional(),
  reuse: z.stringbool({ truthy: ["true"], falsy: ["false"] }).optional(),
  startWithinSeconds: wholeNumber.pipe(JobTerms.shape.startWithinSeconds),
  deadlineSeconds: wholeNumber.pipe(JobTerms.shape.deadlineSeconds),
  latencyBudgetMs: wholeNumber.pipe(JobTerms.shape.latencyBudgetMs),
  maxNeurons: z.coerce.number().optional().pipe(JobTerms.shape.maxNeurons),
  tag: manyTags.optional(),
  /** An object of strings as JSON. */
  metadata: boundedText({ max: 16_000 })
    .transform((json, context) => readObject(json, JobMarks.shape.metadata, context) ?? z.NEVER)
    .optional(),
});

/** The query of `POST /v1/uploads/estimate`. `sizeBytes` is the size of the whole file, for a client that sends only its beginning. */
export const UploadEstimateQuery = UploadQuery.extend({ sizeBytes: wholeNumber.pipe(z.int().min(1).optional()) });

/** The query that `POST /v1/uploads` reads: it also accepts a dry run, which `POST /v1/uploads/estimate` has replaced. */
export const UploadOrDryRunQuery = UploadEstimateQuery.extend({ dryRun: DryRun });

const CONTENT_TYPE = /^[A-Za-z0-9_.+-]+\/[A-Za-z0-9_.+-]+( *; *[A-Za-z0-9_.+-]+=[A-Za-z0-9_.+"-]+)*$/;

/** The JSON body of `POST /v1/uploads/announce`, for a client that puts the bytes directly into the bucket. */
export const UploadRequest = z
  .strictObject({
    name: FileName,
    sizeBytes: z.int().min(1).max(MAX_PRESIGNED_BYTES),
    contentType: boundedText({ max: 200, pattern: [CONTENT_TYPE, "expected a content type such as 'audio/mpeg'"] })
      .transform((type) => type.toLowerCase())
      .optional(),
    kind: z.enum(JOB_KINDS).optional(),
    options: AnyObject.optional(),
    then: AskedSteps,
    /** The default is `single` up to 100 MB, and `multipart` above. */
    method: z.enum(["single", "multipart"]).optional(),
    partSizeBytes: z.int().min(MIN_PART_BYTES).max(MAX_SINGLE_PUT_BYTES).optional(),
    ...JobTerms.shape,
    ...JobMarks.shape,
  })
  .superRefine(({ kind, options, then, latencyBudgetMs }, context) => {
    if (latencyBudgetMs !== undefined && kind === undefined) {
      // The model is chosen and signed at this point, and the choice depends on the kind.
      context.addIssue({
        code: "custom",
        path: ["kind"],
        message: "is required together with latencyBudgetMs",
      });
    }
    const optionsChars = countChars(JSON.stringify(options ?? {}));
    if (optionsChars > MAX_OPTIONS_CHARS) {
      const message = `has ${optionsChars} characters as JSON; the limit is ${MAX_OPTIONS_CHARS}`;
      context.addIssue({ code: "custom", path: ["options"], message });
    }
    // Without a kind, the bytes decide it later. Options and steps are checked then.
    for (const [index, step] of then.entries()) {
      if (kind === undefined || canFollow(kind, step)) continue;
      context.addIssue({ code: "custom", path: ["then", index], message: `'${step}' does not suit a ${kind}` });
    }
    const checked = kind && kindOf(kind).options.safeParse(options ?? {});
    for (const issue of checked?.error?.issues ?? []) {
      context.addIssue({ code: "custom", path: ["options", ...issue.path], message: issue.message });
    }
  })
  .meta({ id: "UploadRequest" });
export type UploadRequest = z.infer<typeof UploadRequest>;

const PartNumber = z.int().min(1).max(MAX_PARTS);
// R2's etags have some 32 characters. The pattern excludes everything that must be escaped in XML.
const Etag = boundedText({
  max: 202,
  pattern: [/^"?[A-Za-z0-9_+/=.-]{1,200}"?$/, "expected the ETag from the answer to the part's PUT"],
});
const StoredParts = z.array(z.strictObject({ number: PartNumber, etag: Etag })).max(MAX_PARTS);

/** The body of `POST /v1/uploads/{id}/complete`, which may be left out. */
export const CompleteRequest = z.strictObject({ parts: StoredParts.min(1).optional() });

/** The body of `PUT /v1/uploads/{id}/parts`. */
export const StoredPartsRequest = z.strictObject({ parts: StoredParts.min(1) });

/** The body of `POST /v1/uploads/{id}/parts`. Without it, all parts that have not been reported as stored are signed. */
export const SignPartsRequest = z.strictObject({
  numbers: z.array(PartNumber).min(1).max(MAX_URLS_AN_ANSWER).optional(),
});

/** Read a parameter that is a JSON object. @returns null if it is not one; its faults are added to the issues of `context`. */
function readObject<T>(json: string, schema: z.ZodType<T>, context: z.RefinementCtx): T | null {
  const read = readJson(json);
  if (!read.ok || typeof read.value !== "object" || read.value === null || Array.isArray(read.value)) {
    const message = !read.ok && read.isJson ? read.reason : "expected a JSON object";
    context.addIssue({ code: "custom", message });
    return null;
  }
  const parsed = schema.safeParse(read.value);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    const { path, message } = reasonOf(issue);
    context.addIssue({ code: "custom", path: [...path], message });
  }
  return null;
}
