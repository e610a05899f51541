import * as z from "zod";

import { composeTranscript } from "../../shared/transcripts/compose-transcript.ts";
import { processor } from "./processor.ts";
import { storeTranscript } from "../transcription/store-transcript.ts";

/** The arguments of `join_transcript`. */
export const JoinArgs = z.strictObject({ durationMs: z.int().min(0) });

/** The chunks of a long recording to one transcript. Runs when every chunk has ended; those given up on are gaps. */
export const joinTranscript = processor(JoinArgs, async ({ durationMs }, context) => {
  const { heard, gaps } = await context.readChunks();
  const transcript = composeTranscript(heard, { gaps, durationMs, hasAllEnded: true });
  return { type: "completed", artifacts: await storeTranscript(context, transcript) };
});
