/** A choice of one among a few, side by side. @param name of the radio buttons: no other choice on the page may have it. */
export function Segments<Value extends string | number>({
  legend,
  name,
  choices,
  chosen,
  onChoose,
}: {
  legend: string;
  name: string;
  choices: readonly (readonly [value: Value, shown: string])[];
  chosen: Value;
  onChoose: (value: Value) => void;
}) {
  return (
    <fieldset class="segments">
      <legend class="visually-hidden">{legend}</legend>
      {choices.map(([value, shown]) => (
        <label key={value}>
          <input type="radio" name={name} checked={value === chosen} onChange={() => onChoose(value)} />
          <span>{shown}</span>
        </label>
      ))}
    </fieldset>
  );
}
