import { Icon } from "../ui/icon.tsx";
import { STATE_NAMES } from "../ui/format.ts";
import { kindName, KNOWN_KINDS } from "../ui/kinds.ts";
import { type ListFilter, STATES } from "./list-query.ts";

interface Props {
  readonly filter: ListFilter;
  readonly change: (change: Partial<Record<keyof ListFilter, string>>) => void;
  readonly isBusy: boolean;
}

export function JobFilters({ filter, change, isBusy }: Props) {
  return (
    <div class="filters" aria-busy={isBusy}>
      <fieldset class="segments">
        <legend class="visually-hidden">State</legend>
        <label>
          <input
            type="radio"
            name="state"
            checked={filter.state === undefined}
            onChange={() => change({ state: "" })}
          />
          <span>All</span>
        </label>
        {STATES.map((state) => (
          <label key={state}>
            <input type="radio" name="state" checked={filter.state === state} onChange={() => change({ state })} />
            <span>{STATE_NAMES[state]}</span>
          </label>
        ))}
      </fieldset>
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
