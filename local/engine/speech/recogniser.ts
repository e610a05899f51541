// What every speech engine offers, whoever does the work.

export const SAMPLES_PER_SECOND = 16_000;

export type Word = { readonly word: string; readonly start: number; readonly end: number };

export type RecogniseOptions = {
  readonly language?: string | undefined;
  readonly task?: "transcribe" | "translate" | undefined;
  readonly signal: AbortSignal;
};

export type Recognition = {
  readonly words: readonly Word[];
  /** Absent when the engine neither knows nor was told. */
  readonly language?: string | undefined;
};

export type Recogniser = {
  readonly engine: string;
  /** 16 kHz mono in, words in order of time out. */
  recognise(samples: Int16Array, options: RecogniseOptions): Promise<Recognition>;
};

export type RecogniserChoice =
  | { readonly type: "ready"; readonly recogniser: Recogniser }
  | { readonly type: "missing"; readonly remedy: string };
