import { picturesAmong } from "../kinds/image-generation/kind.ts";
import { transcription } from "../kinds/transcription/kind.ts";
import { captionsOf } from "../captions/layout.ts";
import { toSrt, toVtt } from "../captions/captions.ts";
import type { JobDetail } from "../jobs/job-detail.ts";
import type { Prediction } from "./prediction.ts";
import { artifactUrl } from "../uploads/signed-url.ts";
import { signingKey } from "../keys/signing-keys.ts";
import { Transcript } from "../transcripts/transcript.ts";
import { languageName, whisperSegments } from "../transcripts/whisper-shape.ts";
import { REPLICATE_MODELS } from "./models.ts";

/** What rendering a prediction may touch. */
export interface RenderDeps {
  readonly media: R2Bucket;
  /** Holds the key that signs the addresses of pictures. */
  readonly db: D1Database;
  readonly origin: string;
  readonly now: number;
}

/** Return the result of a completed job, in the shape of the model's output on Replicate. */
export async function outputOf(prediction: Prediction, detail: JobDetail, deps: RenderDeps): Promise<unknown> {
  if (detail.job.state !== "completed") return null;
  switch (REPLICATE_MODELS.get(prediction.model)?.output) {
    case "speech":
      return speechOutput(prediction, detail, deps);
    case "files": {
      const pictures = picturesAmong(detail.artifacts);
      const { origin, now } = deps;
      const key = await signingKey(deps.db, now);
      return Promise.all(pictures.map(({ name }) => artifactUrl({ jobId: detail.job.id, name }, { origin, key, now })));
    }
    case "labels":
      return detail.labels;
    case undefined:
      return null; // a model that we ran once
  }
}

async function speechOutput({ input }: Prediction, { artifacts }: JobDetail, { media }: RenderDeps) {
  const artifact = artifacts.find(({ name }) => name === transcription.result);
  const object = artifact === undefined ? null : await media.get(artifact.key);
  if (object === null) return null;
  const transcript = Transcript.parse(await object.json());
  const { transcription: format } = input;
  const text = rendered(transcript, format);
  const isTranslation = input["translate"] === true;
  return {
    detected_language: languageName(transcript.language),
    // One pass either transcribes or translates.
    transcription: isTranslation ? "" : text,
    translation: isTranslation ? text : null,
    segments: whisperSegments(transcript.segments),
    srt_file: null,
    txt_file: null,
  };
}

function rendered(transcript: Transcript, format: unknown): string {
  if (format === "srt") return toSrt(captionsOf(transcript));
  if (format === "vtt") return toVtt(captionsOf(transcript));
  return transcript.text;
}
