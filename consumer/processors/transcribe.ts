import { toSrt, toVtt } from "../../shared/captions.ts";
import { MAX_AUDIO_ARRAY_BYTES, MAX_AUDIO_BYTES } from "../../shared/limits.ts";
import { SPEECH_MODELS } from "../../shared/models.ts";
import { TranscriptionInput } from "../../shared/new-job.ts";
import { transcribe as runWhisper } from "../models/whisper.ts";
import { processor } from "../processor.ts";
import { withSource } from "../source.ts";
import { storeArtifact } from "../store-artifact.ts";

/** Speech to text: `transcript.json`, and the same as text and captions. */
export const transcribe = processor(TranscriptionInput, async ({ source, options }, context) => {
  const { audio } = SPEECH_MODELS[options.tier];
  const maxBytes = audio === "array" ? MAX_AUDIO_ARRAY_BYTES : MAX_AUDIO_BYTES;
  return withSource(source, maxBytes, context, async (bytes) => {
    const transcript = await runWhisper(context.models, bytes, options);
    const artifacts = await Promise.all([
      storeArtifact(context, {
        name: "transcript.json",
        contentType: "application/json",
        body: JSON.stringify(transcript, null, 2),
      }),
      storeArtifact(context, { name: "transcript.txt", contentType: TEXT, body: `${transcript.text}\n` }),
      storeArtifact(context, { name: "transcript.vtt", contentType: "text/vtt", body: toVtt(transcript.segments) }),
      storeArtifact(context, {
        name: "transcript.srt",
        contentType: "application/x-subrip",
        body: toSrt(transcript.segments),
      }),
    ]);
    return { type: "completed", artifacts };
  });
});

const TEXT = "text/plain; charset=utf-8";
