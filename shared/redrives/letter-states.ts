/** `open`: neither redriven nor discarded. One redriven after it was discarded, with an earlier stage, is `redriven`. */
export const LETTER_STATES = ["open", "redriven", "discarded"] as const;
export type LetterState = (typeof LETTER_STATES)[number];
