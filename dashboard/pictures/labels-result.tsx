import type { Job } from "../../client/index.ts";
import { formatPercent } from "../ui/format.ts";

/** What a picture or a text was labelled as, best first. */
export function LabelsResult({ job: { labels } }: { job: Job }) {
  if (labels.length === 0) return <p class="dim">No label is sure enough.</p>;
  return (
    <dl class="facts">
      {labels.map(({ label, score }) => (
        <div key={label}>
          <dt>{formatPercent(score)}</dt>
          <dd>{label}</dd>
        </div>
      ))}
    </dl>
  );
}
