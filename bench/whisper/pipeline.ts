// The two sides: the whole pipeline (plan, cut, transcribe, merge), and one call with the whole recording.
import { planAudio } from "../../shared/audio/plan.ts";
import { CHUNK_MAX_BYTES } from "../../shared/audio/chunks/limits.ts";
import { SilentStretch } from "../../shared/audio/chunks/chunk.ts";
import { extractChunk } from "../../shared/audio/extract.ts";
import type { ModelRunner } from "../../shared/models/run-model.ts";
import { composeTranscript, type ChunkRecord } from "../../shared/transcripts/compose-transcript.ts";
import type { Transcript, Word } from "../../shared/transcripts/transcript.ts";
import { transcribePiece } from "../../consumer/transcription/transcribe-piece.ts";
import type { SpeechEngine } from "../../local/engine/speech/speech-engine.ts";
import { whisperTurbo } from "../../local/engine/speech/whisper-models.ts";
import { fileSource } from "../long-audio/file-source.ts";
import type { Recording } from "./corpus.ts";

const MODEL = "@cf/openai/whisper-large-v3-turbo";
const never = new AbortController().signal;

type Ready = Extract<SpeechEngine, { readonly type: "ready" }>;

export interface Cutting {
  readonly maxSeconds: number;
  /** Whether the call for a chunk gets the end of the previous chunk's text as its prompt. */
  readonly hasPrompts: boolean;
}

export interface Piped {
  readonly transcript: Transcript;
  /** What each call gave, before it was merged. */
  readonly records: readonly ChunkRecord[];
  /** How many calls there were: a doubtful answer is asked for again. */
  readonly calls: number;
  readonly words: readonly Word[];
  /** Where chunks meet. */
  readonly seamsMs: readonly number[];
}

/** How much of the previous text a chunk gets as its prompt. Whisper reads at most 224 tokens of a prompt. */
const PROMPT_CHARACTERS = 200;

export async function throughPipeline(engine: Ready, recording: Recording, cutting: Cutting): Promise<Piped> {
  const source = await fileSource(recording.file);
  try {
    const plan = await planAudio(source, { maxMs: cutting.maxSeconds * 1000, maxBytes: CHUNK_MAX_BYTES });
    if (plan.type === "refused") throw new Error(`${recording.name}: ${plan.message}`);
    const models = runnerOf(engine);
    const records: ChunkRecord[] = [];
    for (const chunk of plan.chunks) {
      const { index, startMs, endMs, ownStartMs, ownEndMs } = chunk;
      const own = { index, startMs, endMs, ownStartMs, ownEndMs };
      const file = await extractChunk(source, chunk).catch((error: unknown) => {
        if (error instanceof SilentStretch) return null;
        throw error;
      });
      if (file === null) {
        records.push({ ...own, segments: [], model: null, engine: null, language: null, doubt: null });
        continue;
      }
      const before =
        records
          .at(-1)
          ?.segments.map(({ text }) => text)
          .join(" ")
          .slice(-PROMPT_CHARACTERS) ?? "";
      const prompt = cutting.hasPrompts && before !== "" ? { initialPrompt: before } : {};
      const options = { tier: "accurate" as const, ...prompt };
      const piece = { ...own, startMs: Math.round(file.startMs), endMs: Math.round(file.startMs + file.durationMs) };
      const sent = { piece, fileStartMs: file.startMs, sentMs: file.durationMs };
      const record = await transcribePiece(models, file.bytes, options, {
        ...sent,
        pauses: file.pauses ?? [],
        quiet: file.quiet ?? [],
      });
      // Here it would change the figures.
      if (models.failure !== undefined) throw models.failure;
      records.push(record);
    }
    const transcript = composeTranscript(records, { gaps: [], durationMs: plan.durationMs, hasAllEnded: true });
    const words = transcript.segments.flatMap((segment) => segment.words);
    return {
      transcript,
      records,
      calls: models.calls,
      words,
      seamsMs: plan.chunks.slice(1).map(({ ownStartMs }) => ownStartMs),
    };
  } finally {
    await source.close();
  }
}

export async function inOneCall(engine: Ready, { samples }: Recording): Promise<readonly Word[]> {
  const { words } = await engine.recogniser.recognise(samples, { signal: never });
  return words.map(({ word, start, end }) => ({
    text: word.trim(),
    startMs: Math.round(start * 1000),
    endMs: Math.round(end * 1000),
  }));
}

/** A runner that counts its calls. `failure` is the last error: a second opinion that cannot be had fails no chunk. */
function runnerOf(engine: Ready): ModelRunner & { readonly calls: number; readonly failure: unknown } {
  const model = whisperTurbo(MODEL, engine);
  let calls = 0;
  let failure: unknown;
  return {
    get calls() {
      return calls;
    },
    get failure() {
      return failure;
    },
    async run(_model, inputs) {
      calls += 1;
      const answered = await model({ inputs, signal: never }).catch((error: unknown) => {
        failure = error;
        throw error;
      });
      if (!("body" in answered) || "bytes" in answered.body) throw new Error("the answer of the model is not JSON");
      const call = { model: MODEL, units: {}, neurons: answered.neurons, isEstimated: false, durationMs: null };
      return { type: "json", value: answered.body, call: { ...call, engine: answered.engine } };
    },
  };
}
