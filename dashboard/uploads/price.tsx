import { formatNeurons, formatUsd } from "../ui/format.ts";
import type { Item } from "./queue.ts";

/** What one file's job would cost, or why there would be none. */
export function PriceOf({ item }: { item: Item }) {
  const { value } = item.price;
  switch (value.state) {
    case "asking":
      return <span class="dim">Estimating …</span>;
    case "refused":
      return null;
    case "known": {
      const { estimate } = value.dryRun;
      if (estimate === null) return <span class="dim">Cost not known before it runs</span>;
      const { neurons, microUsd, isRough } = estimate;
      return (
        <span title={isRough ? "A guess from the file's size" : "From the file's own headers"}>
          {isRough ? "about " : ""}
          {formatNeurons(neurons)} neurons <span class="dim">({formatUsd(microUsd)})</span>
        </span>
      );
    }
  }
}

/** What all that wait for the person would cost together, and what is free today. */
export function Total({ items }: { items: readonly Item[] }) {
  const known = items.flatMap(({ price: { value } }) =>
    value.state === "known" && value.dryRun.estimate !== null ? [value.dryRun] : [],
  );
  if (known.length === 0) return null;
  const neurons = known.reduce((sum, { estimate }) => sum + (estimate?.neurons ?? 0), 0);
  const microUsd = known.reduce((sum, { estimate }) => sum + (estimate?.microUsd ?? 0), 0);
  const left = known.at(-1)?.free.left ?? null;
  return (
    <>
      <strong>
        {formatNeurons(neurons)} neurons, {formatUsd(microUsd)}
      </strong>
      {left !== null && (
        <span class="small dim block">
          {left >= neurons ? "Within today's free neurons." : `${formatNeurons(left)} free neurons are left today.`}
        </span>
      )}
    </>
  );
}
