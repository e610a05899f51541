import * as z from "zod";

const timeMs = z.coerce.number().int().min(0);

/** The query of `GET /v1/jobs/{id}/audio`: a stretch of the recording. Without `toMs`, the answer has as much from `fromMs` on as one answer may. */
export const AudioQuery = z
  .strictObject({ fromMs: timeMs.default(0), toMs: timeMs.optional() })
  .refine(({ fromMs, toMs = Number.POSITIVE_INFINITY }) => fromMs < toMs, {
    path: ["toMs"],
    message: "must be later than fromMs",
  });
export type AudioQuery = z.output<typeof AudioQuery>;
