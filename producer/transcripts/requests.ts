import * as z from "zod";

import type { AskedCaptions } from "../../shared/captions/languages.ts";
import { CAPTION_PRESETS, CaptionOptions } from "../../shared/captions/layout.ts";
import { EditOperation, MAX_OPERATIONS } from "../../shared/transcripts/edit-operations.ts";
import { wholeNumber } from "../jobs/requests.ts";

const timeMs = z.coerce.number().int().min(0);

/** The latest version, the original, or a version by its number. */
const WantedVersion = z
  .union([z.enum(["edited", "original"]), z.stringFormat("version", /^[0-9]{1,9}$/).transform(Number)])
  .describe(
    "`edited` is the latest version, or the original if there is no edit; a number is a version of the history",
  );

/** The body of `PATCH /v1/jobs/{id}/transcript`. The changes are made together or not at all. */
export const EditRequest = z
  .strictObject({ operations: z.array(EditOperation).min(1).max(MAX_OPERATIONS) })
  .meta({ id: "EditRequest" });

/** The body of `POST /v1/jobs/{id}/transcript/revert`. */
export const RevertRequest = z.strictObject({ version: z.int().min(0).describe("0 is the original") });

/**
 * The query of `GET /v1/jobs/{id}/transcript`. A preset sets all caption options; a single option overrides it. `fromMs` and `toMs`
 * ask for an excerpt.
 */
export const TranscriptQuery = z
  .strictObject({
    format: z.enum(["json", "txt", "vtt", "srt"]).default("json"),
    fromMs: timeMs.default(0),
    toMs: timeMs.optional(),
    version: WantedVersion.default("edited"),
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
  .transform(({ format, version, preset, fromMs, toMs = Number.POSITIVE_INFINITY, ...single }, context) => {
    const given = Object.fromEntries(Object.entries(single).filter(([, value]) => value !== undefined));
    // What a language brings is always within the limits; the transcript, which knows its language, has not been read yet.
    const captions = CaptionOptions.safeParse({ ...(preset && CAPTION_PRESETS[preset]), ...given });
    const asked: AskedCaptions = { preset, options: given };
    if (captions.success) return { format, version, fromMs, toMs, captions: asked };
    for (const issue of captions.error.issues)
      context.addIssue({ code: "custom", path: issue.path, message: issue.message });
    return z.NEVER;
  });
