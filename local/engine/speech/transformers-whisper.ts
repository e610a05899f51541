// A real Whisper for whoever has its weights: DARKROOM_WHISPER names a local folder or a model on the hub. The package
// is no dependency of ours (474 MB, and its runtime's install script calls out), so it is looked for only when asked.
import { existsSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import * as z from "zod";
import type { Recogniser, RecogniserChoice, Word } from "./recogniser.ts";

// A variable, so that neither the compiler nor a bundler wants the package.
const PACKAGE: string = "@huggingface/transformers";

const INSTALL = `ONNXRUNTIME_NODE_INSTALL=skip npm install --no-save ${PACKAGE}@4.3.1`;

type Transcribe = (samples: Float32Array, options: Readonly<Record<string, unknown>>) => Promise<unknown>;

type Transformers = {
  readonly env: { localModelPath: string; allowRemoteModels: boolean };
  pipeline(task: string, model: string, options: Readonly<Record<string, unknown>>): Promise<Transcribe>;
};

const Transformers = z.custom<Transformers>(
  (module) => typeof module === "object" && module !== null && "pipeline" in module && "env" in module,
);

const Transcript = z.object({
  // The last word of a cut recording has no end.
  chunks: z.array(z.object({ text: z.string(), timestamp: z.tuple([z.number(), z.number().nullable()]) })),
});

export async function transformersWhisper(name: string): Promise<RecogniserChoice> {
  const transformers = await load();
  if (transformers === undefined) {
    return { type: "missing", remedy: `DARKROOM_WHISPER is set, but ${PACKAGE} is not installed; run: ${INSTALL}` };
  }
  let pipeline: Promise<Transcribe> | undefined;
  const recogniser: Recogniser = {
    engine: `whisper/${basename(name)}`,
    async recognise(samples, { language, task, signal }) {
      pipeline ??= openPipeline(transformers, name);
      const transcribe = await pipeline;
      signal.throwIfAborted();
      const chosen = isEnglishOnly(name) ? {} : { language, task };
      // Word times need an export that carries its cross attentions ("..._timestamped").
      const options = { ...chosen, return_timestamps: "word", chunk_length_s: 30 };
      const { chunks } = Transcript.parse(await transcribe(toFloats(samples), options));
      return { words: chunks.map(toWord), language: isEnglishOnly(name) ? "en" : language };
    },
  };
  return { type: "ready", recogniser };
}

async function load(): Promise<Transformers | undefined> {
  try {
    return Transformers.parse(await import(PACKAGE));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}

function openPipeline(transformers: Transformers, name: string): Promise<Transcribe> {
  const task = "automatic-speech-recognition";
  if (!existsSync(name)) return transformers.pipeline(task, name, { dtype: "q8" });
  const folder = resolve(name);
  transformers.env.localModelPath = `${dirname(folder)}/`;
  transformers.env.allowRemoteModels = false;
  return transformers.pipeline(task, basename(folder), { dtype: "q8" });
}

function isEnglishOnly(name: string): boolean {
  return /\.en\b/.test(basename(name));
}

function toWord({ text, timestamp: [start, end] }: z.infer<typeof Transcript>["chunks"][number]): Word {
  return { word: text.trim(), start, end: end ?? start };
}

function toFloats(samples: Int16Array): Float32Array {
  return Float32Array.from(samples, (sample) => sample / 32_768);
}
