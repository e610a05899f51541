import { useEffect, useRef } from "preact/hooks";

import { formatBytes, formatCount } from "../ui/format.ts";
import { Icon } from "../ui/icon.tsx";
import { FileRow } from "./file-row.tsx";
import { JobSettings } from "./job-settings.tsx";
import {
  active,
  addFiles,
  clearDone,
  failed,
  items,
  lookForUnfinished,
  ready,
  retry,
  start,
  startable,
} from "./queue.ts";
import { Total } from "./price.tsx";
import { KIND_OF, mediaOf } from "./settings.ts";
import { discard, unfinished } from "./unfinished.ts";

/** The form for files: choose or drop them, see their cost, send them, and see the result of each. */
export function FileForm() {
  const chooser = useRef<HTMLInputElement>(null);
  useEffect(() => {
    void lookForUnfinished();
  }, []);
  const all = items.value;
  const isEmpty = all.length === 0;
  const done = all.filter(({ state }) => state.value === "done");
  const kinds = new Set(ready.value.map((item) => item.kind.value ?? KIND_OF[mediaOf(item.file)]));
  return (
    <div class="stack">
      <Unfinished />
      <div class="drop" data-small={!isEmpty}>
        <Icon name="upload" size={isEmpty ? 24 : 16} />
        <p>
          <button type="button" class="link" onClick={() => chooser.current?.click()}>
            Choose files
          </button>{" "}
          or drop them anywhere on this page.
        </p>
        {isEmpty && (
          <p class="small dim">
            Recordings and videos are transcribed. Pictures and texts are classified. A file can have up to 50 GB.
          </p>
        )}
        <input
          ref={chooser}
          type="file"
          multiple
          class="visually-hidden"
          tabIndex={-1}
          aria-label="Files"
          onChange={(event) => {
            addFiles([...(event.currentTarget.files ?? [])]);
            event.currentTarget.value = "";
          }}
        />
      </div>
      {!isEmpty && (
        <ul class="card files" aria-label="Files">
          {all.map((item) => (
            <FileRow key={item.id} item={item} />
          ))}
        </ul>
      )}
      {ready.value.length > 0 && <JobSettings kinds={[...kinds].filter((kind) => kind !== null)} />}
      {!isEmpty && (
        <div class="send-bar">
          <div class="send-total">
            <Total items={startable.value} />
          </div>
          {failed.value.length > 0 && (
            <button type="button" class="button" onClick={() => retry(failed.value)}>
              <Icon name="redo" />
              Retry all failed ({failed.value.length})
            </button>
          )}
          {done.length > 0 && active.value.length === 0 && (
            <button type="button" class="button quiet" onClick={clearDone}>
              Clear the list
            </button>
          )}
          {startable.value.length > 0 && (
            <button type="button" class="button primary" onClick={start}>
              {startable.value.length === 1 ? "Start upload" : `Start ${formatCount(startable.value.length)} uploads`}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

/** The uploads that a closed page has interrupted. To continue one, the person has to choose its file again: the browser requires it. */
function Unfinished() {
  if (unfinished.value.length === 0) return null;
  return (
    <div class="stack unfinished" aria-label="Unfinished uploads" role="region">
      {unfinished.value.map(({ uploadId, name, sizeBytes, storedBytes }) => (
        <div key={uploadId} class="notice" data-tone="warn">
          <Icon name="pause" />
          <div class="notice-text">
            <strong>
              <bdi>{name}</bdi>
            </strong>{" "}
            was interrupted. {formatBytes(storedBytes)} of {formatBytes(sizeBytes)} are stored. Choose the same file
            again to continue the upload.
          </div>
          <button type="button" class="button" onClick={() => void discard(uploadId)}>
            Discard
          </button>
        </div>
      ))}
    </div>
  );
}
