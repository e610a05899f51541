import { useMutation, useQuery, useQueryClient } from "@tanstack/preact-query";
import { useMemo, useState } from "preact/hooks";

import type { OpenedTranscript, TranscriptVersion } from "../../client/index.ts";
import { api } from "../api/session.ts";
import { tell, tellError } from "../shell/toasts.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { formatClock, formatDateTime } from "../ui/format.ts";
import { ErrorState, Skeleton } from "../ui/states.tsx";
import { Difference } from "./difference.tsx";
import type { Edits } from "./edits.ts";
import { lineOf } from "./merge.ts";

/** The comparison of two versions shows at most this many lines. */
const MOST_LINES = 500;

/** Every version of the transcript, compared with the latest one. The original is always kept. */
export function HistoryDialog({
  jobId,
  edits,
  mayEdit,
  onClose,
}: {
  jobId: string;
  edits: Edits;
  mayEdit: boolean;
  onClose: () => void;
}) {
  const queries = useQueryClient();
  const latest = edits.version.value;
  const [chosen, setChosen] = useState(0);
  const history = useQuery({
    queryKey: ["history", jobId, latest],
    queryFn: ({ signal }) => api().jobs.history(jobId, { signal }),
  });
  const old = useQuery({
    queryKey: ["version", jobId, chosen],
    queryFn: ({ signal }) => api().jobs.version(jobId, chosen, { signal }),
    staleTime: Infinity,
  });
  const revert = useMutation({
    async mutationFn() {
      if (!(await edits.save()))
        throw new Error("Your changes are not saved yet. Save them first, so that they are kept.");
      return api().jobs.revert(jobId, edits.etag(), chosen);
    },
    onSuccess(opened: OpenedTranscript) {
      edits.replace(opened);
      tell(chosen === 0 ? "The transcript is back to the original." : `The transcript is back to version ${chosen}.`);
      void queries.invalidateQueries({ queryKey: ["history", jobId] });
      onClose();
    },
    onError: tellError,
  });
  const versions = history.data ?? [];
  return (
    <Dialog
      title="Versions"
      isWide
      onClose={onClose}
      footer={
        <>
          <button type="button" class="button" onClick={onClose}>
            Close
          </button>
          {mayEdit && (
            <button
              type="button"
              class="button primary"
              disabled={chosen === latest || old.data === undefined || revert.isPending}
              onClick={() => revert.mutate()}
            >
              {chosen === 0 ? "Go back to the original" : `Go back to version ${chosen}`}
            </button>
          )}
        </>
      }
    >
      {history.error !== null && <ErrorState error={history.error} isInline />}
      {history.isPending && <Skeleton rows={3} height={40} />}
      <div class="versions">
        <ul class="versions-list" aria-label="Versions">
          {versions.map((version) => (
            <li key={version.version}>
              <button
                type="button"
                class="version"
                aria-pressed={chosen === version.version}
                onClick={() => setChosen(version.version)}
              >
                <strong>
                  {version.version === 0 ? "Original" : `Version ${version.version}`}
                  {version.version === latest && <span class="chip">latest</span>}
                </strong>
                <span class="small dim">{says(version)}</span>
                <span class="small dim">{formatDateTime(version.createdAt)}</span>
              </button>
            </li>
          ))}
        </ul>
        <div class="versions-lines" tabIndex={0} role="region" aria-label="Differences">
          {old.error !== null && <ErrorState error={old.error} isInline />}
          {old.isPending && <Skeleton rows={3} height={40} />}
          {old.data !== undefined && <Compared old={old.data} edits={edits} chosen={chosen} />}
        </div>
      </div>
    </Dialog>
  );
}

function Compared({ old, edits, chosen }: { old: OpenedTranscript; edits: Edits; chosen: number }) {
  const revision = edits.revision.value;
  const different = useMemo(
    () =>
      edits.segments().flatMap(({ startMs }, index) => {
        const before = lineOf(old.transcript.segments[index]);
        const after = edits.line(index);
        return before.text === after.text && before.speaker === after.speaker ? [] : [{ startMs, before, after }];
      }),
    [old, edits, revision],
  );
  if (different.length === 0) return <p class="dim">This version is the same as the latest one.</p>;
  return (
    <>
      <p class="small dim">
        {different.length === 1 ? "1 line is" : `${different.length} lines are`} different:{" "}
        <del>{chosen === 0 ? "the original" : `version ${chosen}`}</del> <ins>now</ins>
      </p>
      <ol class="compared">
        {different.slice(0, MOST_LINES).map(({ startMs, before, after }) => (
          <li key={startMs}>
            <span class="small dim">{formatClock(startMs)}</span>
            <p dir="auto">
              {before.speaker !== after.speaker && (
                <span class="small">
                  {before.speaker !== null && <del>{before.speaker}</del>}{" "}
                  {after.speaker !== null && <ins>{after.speaker}</ins>}{" "}
                </span>
              )}
              <Difference before={before.text} after={after.text} />
            </p>
          </li>
        ))}
      </ol>
    </>
  );
}

function says({ version, operations, revertedTo, keyId }: TranscriptVersion): string {
  if (version === 0) return "as it was transcribed";
  const what =
    revertedTo === null
      ? operations === 1
        ? "1 change"
        : `${operations} changes`
      : revertedTo === 0
        ? "back to the original"
        : `back to version ${revertedTo}`;
  return keyId === null ? what : `${what}, by ${keyId}`;
}
