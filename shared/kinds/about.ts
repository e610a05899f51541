import type * as z from "zod";

import { AskedSteps } from "../jobs/steps.ts";
import { JobMarks } from "../jobs/tags-and-metadata.ts";
import { JobTerms } from "../jobs/terms.ts";
import { isResultKey, ObjectKey } from "../uploads/storage.ts";

/** The key of the object that a job is to read. */
export const SourceKey = ObjectKey.refine((key) => !isResultKey(key), "results cannot be sources");

/** Fields that a request may have for every kind of job, besides what the job works on. */
export const ABOUT = { then: AskedSteps, ...JobTerms.shape, ...JobMarks.shape };

/**
 * Refuse a request that does not give exactly one of the fields. The error names the first field; a union's error would name
 * none.
 */
export function oneOf(names: readonly string[]) {
  return (value: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void => {
    if (names.filter((name) => value[name] !== undefined).length === 1) return;
    context.addIssue({ code: "custom", path: [names[0] ?? ""], message: `give exactly one of ${names.join(", ")}` });
  };
}
