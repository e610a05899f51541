import { formatNeurons, formatUsd } from "../ui/format.ts";
import type { Item } from "./queue.ts";

/** The estimated cost of a file's job, or why the API would refuse it. */
export function PriceOf({ item }: { item: Item }) {
  const { value } = item.price;
  switch (value.state) {
    case "asking":
      return <span class="dim">Estimating …</span>;
    case "refused":
      return null;
    case "known": {
      const { estimate } = value.dryRun;
      if (estimate === null) return <span class="dim">The cost is not known before the job runs</span>;
      const { neurons, microUsd, isRough } = estimate;
      return (
        <span title={isRough ? "Estimated from the size of the file" : "Estimated from the headers of the file"}>
          {isRough ? "about " : ""}
          {formatNeurons(neurons)} neurons <span class="dim">({formatUsd(microUsd)})</span>
        </span>
      );
    }
  }
}

/** The total cost of all files that are ready to be sent, and the free neurons that are left today. */
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
          {left >= neurons
            ? "This is within today's free neurons."
            : `${formatNeurons(left)} free neurons are left today.`}
        </span>
      )}
    </>
  );
}
