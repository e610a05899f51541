import type { ComponentChildren } from "preact";

/** A choice of one of several values, in a list that opens. */
export function Choice({
  label,
  value,
  choices,
  onChange,
  hint,
  isDisabled = false,
}: {
  label: string;
  value: string;
  choices: readonly (readonly [value: string, name: string])[];
  onChange: (value: string) => void;
  hint?: ComponentChildren;
  isDisabled?: boolean;
}) {
  return (
    <label class="field">
      <span>{label}</span>
      <select
        class="select"
        value={value}
        disabled={isDisabled}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        {choices.map(([one, name]) => (
          <option key={one} value={one}>
            {name}
          </option>
        ))}
      </select>
      {hint !== undefined && <span class="hint">{hint}</span>}
    </label>
  );
}
