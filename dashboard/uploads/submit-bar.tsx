import type { JobRequest } from "../../client/index.ts";
import { sentenceOf } from "../api/queries.ts";
import { formatNeurons, formatUsd } from "../ui/format.ts";
import { ErrorState } from "../ui/states.tsx";
import { useEstimate } from "./submit.ts";

/** What it would cost, and the button. Why it is refused stands here, and what was typed stays. */
export function SubmitBar({
  request,
  isBusy,
  error,
  act,
}: {
  request: JobRequest | null;
  isBusy: boolean;
  error: unknown;
  act: string;
}) {
  const estimate = useEstimate(request);
  return (
    <>
      {error != null && <ErrorState error={error} isInline />}
      <div class="send-bar">
        <div class="send-total" aria-live="polite">
          {request !== null && <Estimated estimate={estimate} />}
        </div>
        <button class="button primary" disabled={request === null || isBusy}>
          {isBusy ? "Submitting …" : act}
        </button>
      </div>
    </>
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
