import { useState } from "preact/hooks";

import { formatCount } from "../ui/format.ts";
import { Icon } from "../ui/icon.tsx";
import { lazy } from "../ui/lazy.tsx";
import { useShortcuts } from "../shell/shortcuts.ts";
import type { Selection } from "./selection.ts";

const ExportJobsDialog = lazy(async () => (await import("./export-jobs-dialog.tsx")).ExportJobsDialog);

/** The actions for the selected jobs. A key that may only read is enough for them. */
export function SelectionBar({ selection, hasMore }: { selection: Selection; hasMore: boolean }) {
  const { chosen, clear, chooseAll } = selection;
  const [isExporting, setExporting] = useState(false);
  useShortcuts("Selected jobs", [
    { keys: "o", does: "Export them as one zip", run: () => setExporting(true) },
    { keys: "Escape", does: "Clear the selection", run: clear },
  ]);
  return (
    <div class="action-bar">
      <span role="status">
        {chosen.type === "all"
          ? "All jobs that match are selected."
          : chosen.jobs.length === 1
            ? "1 job is selected."
            : `${formatCount(chosen.jobs.length)} jobs are selected.`}
      </span>
      {hasMore && chosen.type === "some" && (
        <button type="button" class="button quiet" onClick={chooseAll}>
          Select all that match
        </button>
      )}
      <button type="button" class="button" onClick={clear}>
        Clear
      </button>
      <button type="button" class="button primary" onClick={() => setExporting(true)}>
        <Icon name="download" />
        Export …
      </button>
      {isExporting && <ExportJobsDialog chosen={chosen} onClose={() => setExporting(false)} />}
    </div>
  );
}
