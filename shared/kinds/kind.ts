// What a kind of job is. Each kind is a folder beside this file, a line in index.ts and a processor for each of its kinds of
// task: docs/adding-a-kind.md shows a whole one.
import type * as z from "zod";

import type { CallLimits } from "../audio/chunks/limits.ts";
import type { AudioExtent, Estimate } from "../cost/estimate.ts";
import type { Source } from "../jobs/source.ts";
import type { ModelId, Tier } from "../models/models.ts";

/** What an upload counts as, by its bytes or, where they say nothing, by its name. */
export type Media = "audio" | "image" | "text" | "prompt";

/** Words that a job was given: themselves, or the object that holds them. */
export type GivenWords = { readonly maxChars: number } & ({ readonly text: string } | { readonly source: Source });

/** What a job leaves for its steps, for search and for questions about it. */
export type Leaves =
  | { readonly material: "a transcript" }
  | { readonly material: "a text"; readonly words: GivenWords }
  | {
      readonly material: "a picture";
      /** `result` where the job has made it. */
      readonly picture: Source | "result";
      readonly prompt?: GivenWords;
      /** Why nobody can ask about the job's words. Follows "has no text to ask about: ". */
      readonly noText: string;
    };
export type Material = Leaves["material"];

/** Options as they are before a kind has parsed them. */
export type RawOptions = Readonly<Record<string, unknown>>;

/**
 * One kind of job, for inputs that its `input` has parsed. Its functions are methods on purpose: the registry's list then
 * holds kinds of different inputs, and whoever looks one up by the job's kind gives it that job's input.
 */
export interface Kind<Input = never> {
  /** As clients name it, in JSON and in addresses. */
  readonly kind: string;
  /** Every input has a field `options` of these; a kind without any has an empty object. */
  readonly options: z.ZodType;
  /** What is stored with the job: it is also, unchanged, the arguments of its first task. */
  readonly input: z.ZodType<{ readonly options: RawOptions }>;
  /**
   * The body of `POST /v1/jobs`: `kind`, `options`, `ABOUT` and, if the work can be an object, `source`. Any other field goes into
   * the input under the same name, so `input` must know it.
   */
  readonly request: z.ZodType;
  /** The kinds of its tasks, each with the format of its arguments (shared/jobs/formats.ts). */
  readonly tasks: Readonly<Record<string, number>>;
  readonly firstTask: string;
  /** The name of its main artifact, or how that begins. A job without one was given up on. */
  readonly result: string;
  /** What its jobs may leave, as far as the kind alone tells: steps are checked before there is an input. */
  readonly materials: readonly Material[];
  readonly uploads: {
    readonly takes: readonly Media[];
    /** `takes`, for people. Follows "takes ". */
    readonly described: string;
    /** What becomes this kind where nobody asks for another one. No two kinds have the same. */
    readonly byDefault: readonly Media[];
  };
  /** Of an upload: what `input` parses. */
  inputOf(source: Source, options: unknown, media: Media): unknown;
  /** The model that is asked first. */
  modelOf(input: Input): ModelId;
  /** What it consumes, without its steps. Null where only the recording can tell and nobody has measured it. */
  estimate(input: Input, extent: AudioExtent | null): Estimate | null;
  leaves(input: Input): Leaves;
  /** The recording whose extent the estimate depends on; left out where there is none. */
  recordingOf?(input: Input): { readonly source: Source; readonly limits: CallLimits };
  /** How another model takes over: for a latency budget, and when one does not answer. Left out where there is only one. */
  readonly tiers?: {
    /** Whether the client named a model, so that no other may stand in. */
    isNamed(options: RawOptions): boolean;
    /** The same options for the model of a tier; null where that one does not take them. */
    optionsFor(tier: Tier, options: RawOptions): RawOptions | null;
  };
}
