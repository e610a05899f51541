import type { ComponentChildren } from "preact";

interface Field {
  readonly label: string;
  readonly value: string;
  readonly placeholder: string;
  readonly onInput: (value: string) => void;
  readonly hint?: ComponentChildren;
}

/** A field for a text of several lines. */
export function LongText({
  label,
  onInput,
  hint,
  isWide = false,
  isCode = false,
  isInvalid,
  ...rest
}: Field & {
  rows: number;
  maxLength: number;
  /** Whether it takes the whole width of its grid. */
  isWide?: boolean;
  isCode?: boolean;
  isInvalid?: boolean;
}) {
  return (
    <label class={isWide ? "field wide" : "field"}>
      <span>{label}</span>
      <textarea
        class={isCode ? "input mono" : "input"}
        {...(isCode && { spellcheck: false })}
        aria-invalid={isInvalid}
        {...rest}
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
      />
      {hint}
    </label>
  );
}

/** A field for a number; empty for the default. */
export function NumberField({ label, onInput, hint, ...rest }: Field & { min: number; max: number; step: number }) {
  return (
    <label class="field">
      <span>{label}</span>
      <input class="input" type="number" {...rest} onInput={({ currentTarget }) => onInput(currentTarget.value)} />
      {hint}
    </label>
  );
}
