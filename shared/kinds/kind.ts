// The definition of a kind of job. Each kind is a folder beside this file, a line in index.ts and a processor for each of its
// kinds of tasks: docs/adding-a-kind.md shows a whole one.
import type * as z from "zod";

import type { Wanted } from "../audio/chunks/limits.ts";
import type { AudioExtent, Estimate } from "../cost/estimate.ts";
import type { Source } from "../jobs/source.ts";
import type { ModelId, Tier } from "../models/models.ts";
import type { ConvertedFormat } from "../uploads/picture-formats.ts";

/** What an upload counts as, by its bytes or, if they do not show it, by its name. */
export type Media = "audio" | "image" | "text" | "prompt";

/** The words that a job was given: the text itself, or the object that contains it. */
export type GivenWords = { readonly maxChars: number } & ({ readonly text: string } | { readonly source: Source });

/** The job has written the text itself: it is the main artifact, and has at most this many tokens of a model. */
export interface WrittenWords {
  readonly maxTokens: number;
}

/** What a job leaves for its steps, for search and for questions about it. */
export type Leaves =
  | { readonly material: "a transcript" }
  | { readonly material: "a text"; readonly words: GivenWords | WrittenWords }
  | {
      readonly material: "a picture";
      /** `result` if the job has made the picture itself. */
      readonly picture: Source | "result";
      /** The picture is converted before it is classified, and is then an artifact whose name begins so. */
      readonly converted?: string;
      readonly prompt?: GivenWords;
      /** Why no question can be asked about the job's words. Follows "has no text to ask about: ". */
      readonly noText: string;
    };
export type Material = Leaves["material"];

/** Options before a kind has parsed them. */
export type RawOptions = Readonly<Record<string, unknown>>;

/**
 * One kind of job, for inputs that its `input` has parsed. Its functions are methods on purpose: then the registry's list can
 * hold kinds of different inputs, and code that looks up a kind by a job's kind may give it that job's input.
 */
export interface Kind<Input = never> {
  /** The name that clients use, in JSON and in addresses. */
  readonly kind: string;
  /** Every input has a field `options` of these; a kind without any has an empty object. */
  readonly options: z.ZodType;
  /** The input that is stored with the job. Unchanged, it is also the arguments of the job's first task. */
  readonly input: z.ZodType<{ readonly options: RawOptions }>;
  /**
   * The body of `POST /v1/jobs`: `kind`, `options`, `ABOUT` and, if the work can be an object, `source`. Any other field goes into
   * the input under the same name, so `input` must know it.
   */
  readonly request: z.ZodType;
  /** The kinds of its tasks, each with the format of its arguments (shared/jobs/formats.ts). */
  readonly tasks: Readonly<Record<string, number>>;
  readonly firstTask: string;
  /**
   * The name of the main artifact, or how the name begins; several if the input decides which it is. A job without this artifact has
   * failed.
   */
  readonly result: string | readonly string[];
  /** What its jobs may leave, as far as the kind alone decides: steps are checked before there is an input. */
  readonly materials: readonly Material[];
  readonly uploads: {
    readonly takes: readonly Media[];
    /** `takes` in words for people. Follows "takes ". */
    readonly described: string;
    /** The media that become this kind if no other kind is asked for. No two kinds may have the same. */
    readonly byDefault: readonly Media[];
  };
  /** Return the input for an upload, as `input` parses it. `format` is that of a picture to convert. */
  inputOf(source: Source, options: unknown, media: Media, format?: ConvertedFormat): unknown;
  /** Return the model that is asked first. */
  modelOf(input: Input): ModelId;
  /** Estimate what a job consumes, without its steps. Null if the recording must be measured first. */
  estimate(input: Input, extent: AudioExtent | null): Estimate | null;
  leaves(input: Input): Leaves;
  /** The recording whose length the estimate depends on; left out for a kind without recordings. */
  recordingOf?(input: Input): { readonly source: Source; readonly limits: Wanted };
  /** How another model takes over: for a latency budget, and when a model does not answer. Left out if there is only one model. */
  readonly tiers?: {
    /** Whether the client named a model, so that no other may stand in. */
    isNamed(options: RawOptions): boolean;
    /** The same options for the model of a tier; null if that model does not take them. */
    optionsFor(tier: Tier, options: RawOptions): RawOptions | null;
  };
}
