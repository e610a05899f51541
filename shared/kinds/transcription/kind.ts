import * as z from "zod";

import { callLimits, type Wanted } from "../../audio/chunks/limits.ts";
import { type Estimate, estimateLine } from "../../cost/estimate.ts";
import { Source } from "../../jobs/source.ts";
import { InputSteps } from "../../jobs/steps.ts";
import { SPEECH_MODELS } from "../../models/models.ts";
import { ABOUT, SourceKey } from "../about.ts";
import type { Kind } from "../kind.ts";
import { StoredOptions, TranscriptionOptions } from "./options.ts";

export const TranscriptionInput = z.strictObject({
  source: Source,
  options: StoredOptions,
  then: InputSteps,
});
export type TranscriptionInput = z.infer<typeof TranscriptionInput>;

/** What of a recording a job asks for, and what a call to its model takes. */
export function wantedOf({ tier, audioTrack, channels }: TranscriptionOptions): Wanted {
  return { ...callLimits(tier), audioTrack, channels };
}

const kind = "transcription";

/** Speech to text with times, of recordings of any length. */
export const transcription = {
  kind,
  options: TranscriptionOptions,
  input: TranscriptionInput,
  request: z.strictObject({
    kind: z.literal(kind),
    source: SourceKey,
    options: TranscriptionOptions.prefault({}),
    ...ABOUT,
  }),
  tasks: { transcribe: 2, transcribe_chunk: 2, join_transcript: 2 },
  firstTask: "transcribe",
  result: "transcript.json",
  materials: ["a transcript"],
  uploads: { takes: ["audio"], described: "audio or video", byDefault: ["audio"] },
  inputOf: (source, options) => ({ source, options }),
  modelOf: ({ options }) => SPEECH_MODELS[options.tier].id,
  // What neighbouring chunks share is transcribed, and billed, twice: `sentMs` counts it.
  estimate({ options }, extent): Estimate | null {
    if (extent === null) return null;
    const { calls, sentMs, isCut, isRough } = extent;
    if (calls === 0) return { lines: [], isRough };
    const { id } = SPEECH_MODELS[options.tier];
    const task = isCut ? "transcribe_chunk" : "transcribe";
    return { lines: [estimateLine(task, id, { audioSeconds: sentMs / 1000 }, calls)], isRough };
  },
  leaves: () => ({ material: "a transcript" }),
  recordingOf: ({ source, options }) => ({ source, limits: wantedOf(options) }),
  tiers: {
    isNamed: () => false,
    // A model that knows one language only does not stand in, unless it was asked for or the language is known to be that one.
    optionsFor(tier, options) {
      const { language } = SPEECH_MODELS[tier];
      const isForeign = language !== undefined && options["language"] !== language && options["tier"] !== tier;
      const asked = StoredOptions.safeParse({ ...options, tier });
      return asked.success && !isForeign ? asked.data : null;
    },
  },
} as const satisfies Kind<TranscriptionInput>;
