/** Radio buttons for the formats of an export, each with its purpose. */
export function FormatChoice<F extends string>({
  choices,
  name,
  chosen,
  isDisabled = false,
  onChoose,
}: {
  choices: Readonly<Record<F, { readonly name: string; readonly says: string }>>;
  name: string;
  chosen: F;
  isDisabled?: boolean;
  onChoose: (format: F) => void;
}) {
  return (
    <fieldset class="formats" disabled={isDisabled}>
      <legend class="visually-hidden">Format</legend>
      {(Object.keys(choices) as F[]).map((one) => (
        <label key={one} class="format">
          <input type="radio" name={name} checked={chosen === one} onChange={() => onChoose(one)} />
          <span>
            <strong>{choices[one].name}</strong>
            <span class="small dim">{choices[one].says}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
