/** `open`: neither redriven nor discarded. A letter that was discarded and then redriven with an earlier stage is `redriven`. */
export const LETTER_STATES = ["open", "redriven", "discarded"] as const;
export type LetterState = (typeof LETTER_STATES)[number];
