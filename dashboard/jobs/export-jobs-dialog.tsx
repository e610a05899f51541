import { makeZip } from "client-zip";
import { useEffect, useRef, useState } from "preact/hooks";

import { sentenceOf } from "../api/queries.ts";
import { tell } from "../shell/toasts.tsx";
import { FormatChoice } from "../transcript/format-choice.tsx";
import { FORMATS } from "../transcript/formats.ts";
import { Progress } from "../ui/badge.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { formatBytes, formatCount } from "../ui/format.ts";
import { Icon } from "../ui/icon.tsx";
import { saveFile } from "../ui/save-file.ts";
import { entriesOf, type ExportProgress, type Wanted } from "./export-jobs.ts";
import type { Chosen } from "./selection.ts";
import { storeZip } from "./zip-store.ts";

const CHOICES: Readonly<Record<Wanted, { readonly name: string; readonly says: string }>> = {
  ...FORMATS,
  pictures: { name: "Pictures", says: "The original files" },
};
const SHOWN_LEFT_OUT = 50;

/** Export the results of many jobs as one zip. The zip is written while the jobs are read. */
export function ExportJobsDialog({ chosen, onClose }: { chosen: Chosen; onClose: () => void }) {
  const [wanted, setWanted] = useState<Wanted>(() => usualFor(chosen));
  const [progress, setProgress] = useState<ExportProgress | null>(null);
  const [end, setEnd] = useState<{ readonly error: string | null } | null>(null);
  const stopping = useRef<AbortController | null>(null);
  const leave = useRef<HTMLButtonElement>(null);
  const isBusy = progress !== null && end === null;
  useEffect(() => () => stopping.current?.abort(), []);
  useEffect(() => {
    if (!isBusy) return;
    // The pressed button is now disabled and would lose the focus.
    leave.current?.focus();
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [isBusy]);

  async function start() {
    const stop = new AbortController();
    stopping.current = stop;
    let last: ExportProgress = { jobs: 0, total: null, files: 0, leftOut: [], isWaiting: false };
    setEnd(null);
    setProgress(last);
    try {
      const onProgress = (now: ExportProgress) => setProgress((last = now));
      const zip = makeZip(entriesOf(chosen, { wanted, signal: stop.signal, onProgress }));
      const blob = await storeZip(zip as ReadableStream<Uint8Array<ArrayBuffer>>, stop.signal);
      if (last.files > 0) {
        saveFile(`darkroom-${wanted}-${new Date().toISOString().slice(0, 10)}`, "zip", blob);
        tell(`Exported: ${files(last.files)}, ${formatBytes(blob.size)}.`);
      }
      if (last.files > 0 && last.leftOut.length === 0) onClose();
      else setEnd({ error: null });
    } catch (error) {
      if (stop.signal.aborted) setProgress(null);
      else setEnd({ error: sentenceOf(error) });
    }
  }
  return (
    <Dialog
      title={`Export ${titleOf(chosen)}`}
      isWide
      mayClose={!isBusy}
      onClose={onClose}
      footer={
        <>
          <button ref={leave} type="button" class="button" onClick={isBusy ? () => stopping.current?.abort() : onClose}>
            {isBusy ? "Stop" : "Close"}
          </button>
          <button type="button" class="button primary" disabled={isBusy} onClick={() => void start()}>
            <Icon name="download" />
            {isBusy ? "Exporting …" : `Export ${CHOICES[wanted].name}`}
          </button>
        </>
      }
    >
      <FormatChoice choices={CHOICES} name="wanted" chosen={wanted} isDisabled={isBusy} onChoose={setWanted} />
      {progress === null ? (
        <p class="small dim">A text file in the zip lists the jobs that have no such result.</p>
      ) : (
        <State progress={progress} isBusy={isBusy} error={end?.error ?? null} />
      )}
    </Dialog>
  );
}

function State({ progress, isBusy, error }: { progress: ExportProgress; isBusy: boolean; error: string | null }) {
  const { jobs, total, leftOut, isWaiting } = progress;
  return (
    <div class="stack">
      {isBusy && <Progress fraction={total === null ? null : jobs / total} label="Jobs read" />}
      <p role="status">
        {error !== null ? (
          <span class="bad">{error}</span>
        ) : isWaiting ? (
          "Waiting for an answer. The export then continues where it stopped."
        ) : isBusy ? (
          `${formatCount(jobs)}${total === null ? "" : ` of ${formatCount(total)}`} jobs have been read.`
        ) : progress.files === 0 ? (
          "Nothing was exported: none of these jobs has such a result."
        ) : (
          `In the zip: ${files(progress.files)}. Not in it: ${leftOut.length === 1 ? "1 job" : `${formatCount(leftOut.length)} jobs`}.`
        )}
      </p>
      {!isBusy && leftOut.length > 0 && (
        <div class="card left-out" tabIndex={0} role="region" aria-label="Jobs that are not in the zip">
          <ul>
            {leftOut.slice(0, SHOWN_LEFT_OUT).map(({ id, title, why }) => (
              <li key={id}>
                <bdi>{title === "" ? id : title.slice(0, 80)}</bdi> <span class="dim">{why}</span>
              </li>
            ))}
            {leftOut.length > SHOWN_LEFT_OUT && (
              <li class="dim">and {formatCount(leftOut.length - SHOWN_LEFT_OUT)} more</li>
            )}
          </ul>
        </div>
      )}
    </div>
  );
}

/** Return the format that is selected first: pictures if every job is a picture. */
function usualFor(chosen: Chosen): Wanted {
  const kinds =
    chosen.type === "some" ? chosen.jobs.map(({ kind }) => kind) : chosen.filter.kind ? [chosen.filter.kind] : [];
  return kinds.length > 0 && kinds.every((kind) => kind === "image_generation") ? "pictures" : "vtt";
}

function titleOf(chosen: Chosen): string {
  if (chosen.type === "all") return "all jobs that match";
  return chosen.jobs.length === 1 ? "1 job" : `${formatCount(chosen.jobs.length)} jobs`;
}

function files(count: number): string {
  return count === 1 ? "1 file" : `${formatCount(count)} files`;
}
