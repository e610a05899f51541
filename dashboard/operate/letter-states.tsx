import { Segments } from "../ui/segments.tsx";

export const LETTER_STATES = [
  ["open", "Open"],
  ["redriven", "Redriven"],
  ["discarded", "Discarded"],
  ["all", "All"],
] as const;
export type LetterState = (typeof LETTER_STATES)[number][0];

export function StateFilter({ state, showState }: { state: LetterState; showState: (state: LetterState) => void }) {
  return <Segments legend="State" name="letter-state" choices={LETTER_STATES} chosen={state} onChoose={showState} />;
}
