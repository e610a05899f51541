import { Icon } from "../ui/icon.tsx";
import { STATE_NAMES } from "../ui/format.ts";
import { kindName, KNOWN_KINDS } from "../ui/kinds.ts";
import { Segments } from "../ui/segments.tsx";
import { type ListFilter, STATES } from "./list-query.ts";

const SHOWN_STATES = [["", "All"], ...STATES.map((state) => [state, STATE_NAMES[state]] as const)] as const;

interface Props {
  readonly filter: ListFilter;
  readonly change: (change: Partial<Record<keyof ListFilter, string>>) => void;
  readonly isBusy: boolean;
}

export function JobFilters({ filter, change, isBusy }: Props) {
  return (
    <div class="filters" aria-busy={isBusy}>
      <Segments
        legend="State"
        name="state"
        choices={SHOWN_STATES}
        chosen={filter.state ?? ""}
        onChoose={(state) => change({ state })}
      />
      <select
        class="select"
        aria-label="Kind"
        value={filter.kind ?? ""}
        onChange={(event) => change({ kind: event.currentTarget.value })}
      >
        <option value="">Every kind</option>
        {KNOWN_KINDS.map((kind) => (
          <option key={kind} value={kind}>
            {kindName(kind)}
          </option>
        ))}
      </select>
      {filter.tag !== undefined && (
        <button
          type="button"
          class="button"
          onClick={() => change({ tag: "" })}
          aria-label={`Remove the filter for the tag ${filter.tag}`}
        >
          <Icon name="tag" />
          <span class="one-line">{filter.tag}</span>
          <Icon name="close" size={14} />
        </button>
      )}
    </div>
  );
}
