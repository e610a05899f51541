import * as z from "zod";
import { decodeBase64 } from "../base64.ts";
import { engineMissing, unsupportedAudio } from "../inference-error.ts";
import { parseInputs, type LocalModel, type ModelRequest } from "../model.ts";
import type { ModelId } from "../../../shared/models/models.ts";
import { neuronsFor } from "../../../shared/cost/neurons.ts";
import { toCaptions, toText, toVtt, type Caption } from "./captions.ts";
import {
  SAMPLES_PER_SECOND,
  type RecognisedSegment,
  type RecogniseOptions,
  type Recognition,
  type Word,
} from "./recogniser.ts";
import type { SpeechEngine } from "./speech-engine.ts";

// One check of the whole array: a schema for each element would take seconds on a recording of millions of bytes.
const Bytes = z.custom<readonly number[]>(
  (value) => Array.isArray(value) && value.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255),
  { error: (issue) => (issue.input === undefined ? undefined : "Type mismatch: 'array' of bytes") },
);

const BytesInput = z.object({ audio: Bytes });

const TurboOptions = z.object({
  task: z.enum(["transcribe", "translate"]).default("transcribe"),
  language: z.string().optional(),
  vad_filter: z.boolean().optional(),
  initial_prompt: z.string().optional(),
  prefix: z.string().optional(),
  beam_size: z.int().optional(),
  condition_on_previous_text: z.boolean().optional(),
  no_speech_threshold: z.number().optional(),
  compression_ratio_threshold: z.number().optional(),
  log_prob_threshold: z.number().optional(),
  hallucination_silence_threshold: z.number().optional(),
});

const TurboInput = TurboOptions.extend({ audio: z.string() });

type Segments = readonly (Caption | RecognisedSegment)[];

type Recognised = Recognition & { readonly captions: Segments; readonly durationSeconds: number };

type Transcript = { readonly text: string; readonly word_count: number; readonly vtt: string };

/** `whisper` and `whisper-tiny-en`: take bytes as an array of numbers, return words. */
export function whisper(name: ModelId, engine: SpeechEngine): LocalModel {
  return speechModel(name, engine, {
    read: ({ inputs }) => ({
      bytes: Uint8Array.from(parseInputs(BytesInput, inputs).audio),
      ...(name === "@cf/openai/whisper-tiny-en" && { language: "en" }),
    }),
    shape: (recognised) => ({ ...toTranscript(recognised), words: recognised.words.map(trimmed) }),
  });
}

/** `whisper-large-v3-turbo`: takes base64 or a stream, returns segments. Only a real Whisper uses the decoding options. */
export function whisperTurbo(name: ModelId, engine: SpeechEngine): LocalModel {
  return speechModel(name, engine, {
    read({ inputs, stream }) {
      if (stream !== undefined) return { bytes: stream.bytes, ...toOptions(parseInputs(TurboOptions, inputs)) };
      const { audio, ...options } = parseInputs(TurboInput, inputs);
      return { bytes: decodeBase64(audio, "/audio"), ...toOptions(options) };
    },
    // Only what the engine measures: PocketSphinx gives no probability of a language or of silence, and no temperature.
    shape: (recognised) => ({
      ...toTranscript(recognised),
      transcription_info: {
        language: recognised.language,
        language_probability: recognised.languageProbability,
        duration: recognised.durationSeconds,
        duration_after_vad: recognised.durationAfterVadSeconds,
      },
      segments: recognised.captions,
    }),
  });
}

function toOptions({ language, task, ...decoding }: z.output<typeof TurboOptions>): Omit<RecogniseOptions, "signal"> {
  return { language, task, decoding };
}

type SpeechShape = {
  readonly read: (request: ModelRequest) => { readonly bytes: Uint8Array } & Omit<RecogniseOptions, "signal">;
  readonly shape: (recognised: Recognised) => Transcript;
};

function speechModel(name: ModelId, engine: SpeechEngine, { read, shape }: SpeechShape): LocalModel {
  return async (request) => {
    const { bytes, ...options } = read(request);
    if (bytes.byteLength === 0) throw unsupportedAudio();
    if (engine.type === "missing") throw engineMissing(name, engine.remedy);
    const { signal } = request;
    const samples = await engine.decode(bytes, signal);
    const recognition = await engine.recogniser.recognise(samples, { ...options, signal });
    const durationSeconds = samples.length / SAMPLES_PER_SECOND;
    return {
      body: shape({ ...recognition, captions: recognition.segments ?? toCaptions(recognition.words), durationSeconds }),
      neurons: neuronsFor(name, { audioSeconds: durationSeconds }),
      engine: engine.recogniser.engine,
    };
  };
}

function toTranscript({ words, captions, segments }: Recognised): Transcript {
  // In languages with spaces, Whisper's segments begin with the space that separates them from the previous one.
  const text =
    segments === undefined
      ? toText(words)
      : segments
          .map((segment) => segment.text)
          .join("")
          .trim();
  return { text, word_count: words.length, vtt: toVtt(captions) };
}

function trimmed({ word, ...times }: Word): Word {
  return { word: word.trim(), ...times };
}
