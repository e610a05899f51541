// The interface of every speech engine.

export const SAMPLES_PER_SECOND = 16_000;

export type Word = { readonly word: string; readonly start: number; readonly end: number };

/** Figures of a segment, from an engine that measures them, with the names of @cf/openai/whisper-large-v3-turbo. */
export type SegmentFigures = {
  readonly temperature: number;
  readonly avg_logprob: number;
  readonly compression_ratio: number;
  readonly no_speech_prob: number;
};

export type RecognisedSegment = SegmentFigures & {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly words: readonly Word[];
};

export type RecogniseOptions = {
  readonly language?: string | undefined;
  readonly task?: "transcribe" | "translate" | undefined;
  /** The other options of the platform's model, with its names. An engine without a decoder like Whisper's ignores them. */
  readonly decoding?: Readonly<Record<string, unknown>> | undefined;
  readonly signal: AbortSignal;
};

export type Recognition = {
  readonly words: readonly Word[];
  /** Absent if the engine neither detects the language nor was given one. */
  readonly language?: string | undefined;
  /** From 0 to 1. Absent if the engine does not detect languages. */
  readonly languageProbability?: number | undefined;
  /** The length of the recording without the silence that was cut out. Absent if the engine does not cut silence out. */
  readonly durationAfterVadSeconds?: number | undefined;
  /** Absent if the engine recognises only words. */
  readonly segments?: readonly RecognisedSegment[] | undefined;
};

export type Recogniser = {
  readonly engine: string;
  /** Recognise 16 kHz mono samples. Returns words in order of time. */
  recognise(samples: Int16Array, options: RecogniseOptions): Promise<Recognition>;
  /** Stop the processes that it keeps running. */
  close?(): Promise<void>;
};

export type RecogniserChoice =
  | { readonly type: "ready"; readonly recogniser: Recogniser }
  | { readonly type: "missing"; readonly remedy: string };
