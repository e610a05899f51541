import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";

import type { JobRequest } from "../../client/index.ts";
import { sentenceOf } from "../api/queries.ts";
import { formatNeurons, formatUsd } from "../ui/format.ts";
import { ErrorState } from "../ui/states.tsx";
import { useEstimate, useSubmit } from "./submit.ts";

/** A form that describes a job, with its estimated cost and a button. If the API refuses it, the form shows why and keeps the text. */
export function RequestForm({
  request,
  act,
  onTaken,
  children,
}: {
  /** Null while the form is incomplete. */
  request: JobRequest | null;
  act: string;
  /** Clears what was typed. */
  onTaken: () => void;
  children: ComponentChildren;
}) {
  const submit = useSubmit(onTaken);
  const estimate = useEstimate(request);
  // The same request has the same key and becomes one job, even if it is sent again. A changed request gets a new key.
  const text = JSON.stringify(request);
  const key = useMemo(() => crypto.randomUUID(), [text]);
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (request !== null) submit.mutate({ request, key });
      }}
    >
      {children}
      {submit.error !== null && <ErrorState error={submit.error} isInline />}
      <div class="send-bar">
        <div class="send-total" aria-live="polite">
          {request !== null && <Estimated estimate={estimate} />}
        </div>
        <button class="button primary" disabled={request === null || submit.isPending}>
          {submit.isPending ? "Submitting …" : act}
        </button>
      </div>
    </form>
  );
}

function Estimated({ estimate: { data, error } }: { estimate: ReturnType<typeof useEstimate> }) {
  if (error !== null) return <span class="bad">{sentenceOf(error)}</span>;
  if (data === undefined) return <span class="dim">Estimating …</span>;
  if (data.estimate === null) return null;
  const { neurons, microUsd, isRough } = data.estimate;
  return (
    <strong>
      {isRough ? "About " : ""}
      {formatNeurons(neurons)} neurons, {formatUsd(microUsd)}
    </strong>
  );
}
