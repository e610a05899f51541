/** A figure with its name, in a list of figures. */
export function Figure({
  name,
  value,
  about,
  isStrong = false,
}: {
  name: string;
  value: string;
  about?: string;
  isStrong?: boolean;
}) {
  return (
    <div class="figure" data-strong={isStrong} title={about}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
