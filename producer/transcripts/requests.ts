import * as z from "zod";

import { CAPTION_PRESETS, CaptionOptions } from "../../shared/captions/layout.ts";
import { wholeNumber } from "../jobs/requests.ts";

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
