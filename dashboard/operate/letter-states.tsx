export const LETTER_STATES = [
  ["open", "Open"],
  ["redriven", "Redriven"],
  ["discarded", "Discarded"],
  ["all", "All"],
] as const;
export type LetterState = (typeof LETTER_STATES)[number][0];

export function StateFilter({ state, showState }: { state: LetterState; showState: (state: LetterState) => void }) {
  return (
    <fieldset class="segments">
      <legend class="visually-hidden">State</legend>
      {LETTER_STATES.map(([one, name]) => (
        <label key={one}>
          <input type="radio" name="letter-state" checked={state === one} onChange={() => showState(one)} />
          <span>{name}</span>
        </label>
      ))}
    </fieldset>
  );
}
