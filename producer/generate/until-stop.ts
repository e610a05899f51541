import type { OpenAnswer } from "./open-answer.ts";

/** Return the text before the first of these sequences, and whether there was one. */
export function beforeStop(
  text: string,
  sequences: readonly string[],
): { readonly text: string; readonly isStopped: boolean } {
  const found = sequences.map((sequence) => text.indexOf(sequence)).filter((at) => at !== -1);
  return found.length === 0 ? { text, isStopped: false } : { text: text.slice(0, Math.min(...found)), isStopped: true };
}

/**
 * End an answer before the first of these sequences. Text that may be the beginning of one is held back until more has come.
 * @param stop ends the model: what it would still write is of no use, and would be paid for.
 */
export function untilStop(answer: OpenAnswer, sequences: readonly string[], stop: () => void): OpenAnswer {
  let held = "";
  let isStopped = false;
  let hasEnded = false;

  function read(text: string): readonly string[] {
    if (isStopped) return [];
    const before = beforeStop(held + text, sequences);
    isStopped = before.isStopped;
    const keptChars = isStopped ? 0 : begunChars(before.text, sequences);
    const passed = before.text.slice(0, before.text.length - keptChars);
    held = before.text.slice(passed.length);
    return passed === "" ? [] : [passed];
  }

  return {
    async next() {
      if (isStopped || hasEnded) return null;
      const texts = await answer.next();
      if (texts === null) {
        hasEnded = true;
        return held === "" ? null : [held];
      }
      const passed = texts.flatMap(read);
      if (isStopped) stop();
      return passed;
    },
    call: () => answer.call(),
    isCut: () => !isStopped && answer.isCut(),
  };
}

/** Return how many characters at the end of a text may be the beginning of a sequence. */
function begunChars(text: string, sequences: readonly string[]): number {
  const most = Math.max(0, ...sequences.map(({ length }) => length - 1));
  for (let chars = Math.min(most, text.length); chars > 0; chars -= 1) {
    const end = text.slice(-chars);
    if (sequences.some((sequence) => sequence.startsWith(end))) return chars;
  }
  return 0;
}
