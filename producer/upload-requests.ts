import * as z from "zod";

import { JOB_KINDS } from "../shared/job.ts";
import {
  MAX_PARTS,
  MAX_PRESIGNED_BYTES,
  MAX_SINGLE_PUT_BYTES,
  MAX_URLS_AN_ANSWER,
  MIN_PART_BYTES,
} from "../shared/limits.ts";
import { JobMarks } from "../shared/marks.ts";
import { optionsOf } from "../shared/options.ts";
import { AskedSteps, canFollow } from "../shared/steps.ts";
import { JobTerms } from "../shared/terms.ts";
import { FileName } from "./requests.ts";

/** The JSON body of `POST /v1/uploads`, for a client that puts the bytes straight into the bucket. */
export const UploadRequest = z
  .strictObject({
    name: FileName,
    sizeBytes: z.int().min(1).max(MAX_PRESIGNED_BYTES),
    contentType: z
      .string()
      .max(200)
      .regex(/^[\w.+-]+\/[\w.+-]+( *; *[\w.+-]+=[\w.+"-]+)*$/, "expected a content type such as 'audio/mpeg'")
      .transform((type) => type.toLowerCase())
      .optional(),
    kind: z.enum(JOB_KINDS).optional(),
    options: z.record(z.string(), z.unknown()).optional(),
    then: AskedSteps,
    /** By default a single PUT up to 100 MB. */
    method: z.enum(["single", "multipart"]).optional(),
    partSizeBytes: z.int().min(MIN_PART_BYTES).max(MAX_SINGLE_PUT_BYTES).optional(),
    ...JobTerms.shape,
    ...JobMarks.shape,
  })
  .superRefine(({ kind, options, then, latencyBudgetMs }, context) => {
    if (latencyBudgetMs !== undefined && kind === undefined) {
      // The model is chosen and signed for now; which ones there are depends on the kind.
      context.addIssue({
        code: "custom",
        path: ["kind"],
        message: "say the kind as well where there is a latencyBudgetMs",
      });
    }
    if (JSON.stringify(options ?? {}).length > 4000) {
      context.addIssue({ code: "custom", path: ["options"], message: "more than 4000 characters" });
    }
    // Without a kind the bytes decide it, and options and steps are looked at then.
    for (const [index, step] of then.entries()) {
      if (kind === undefined || canFollow(kind, step)) continue;
      context.addIssue({ code: "custom", path: ["then", index], message: `'${step}' does not suit a ${kind}` });
    }
    const checked = kind && optionsOf[kind].safeParse(options ?? {});
    for (const issue of checked?.error?.issues ?? []) {
      context.addIssue({ code: "custom", path: ["options", ...issue.path], message: issue.message });
    }
  })
  .meta({ id: "UploadRequest" });
export type UploadRequest = z.infer<typeof UploadRequest>;

const PartNumber = z.int().min(1).max(MAX_PARTS);
// R2's etags are some 32 characters. Nothing here that would have to be escaped in XML.
const Etag = z.string().regex(/^"?[\w+/=.-]{1,200}"?$/, "expected the ETag that the part's PUT answered with");
const StoredParts = z.array(z.strictObject({ number: PartNumber, etag: Etag })).max(MAX_PARTS);

/** The body of `POST /v1/uploads/{id}/complete`, which may be left out. */
export const CompleteRequest = z.strictObject({ parts: StoredParts.min(1).optional() });

/** The body of `PUT /v1/uploads/{id}/parts`. */
export const StoredPartsRequest = z.strictObject({ parts: StoredParts.min(1) });

/** The body of `POST /v1/uploads/{id}/parts`, which may be left out: all parts then that have not been reported. */
export const SignPartsRequest = z.strictObject({
  numbers: z.array(PartNumber).min(1).max(MAX_URLS_AN_ANSWER).optional(),
});
