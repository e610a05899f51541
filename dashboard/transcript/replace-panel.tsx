import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { tell } from "../shell/toasts.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import type { Edits } from "./edits.ts";
import { find, type Hit, replaced } from "./find-words.ts";
import type { Player } from "./player.ts";
import type { Reader } from "./reader.ts";
import { wordAt } from "./words.ts";
import { linesOf } from "./lines.ts";

/** The largest number of hits that are marked. */
const MOST_MARKS = 2000;

/** The panel that finds and replaces words. */
export function ReplacePanel({
  edits,
  reader,
  player,
  mayEdit,
  onClose,
}: {
  edits: Edits;
  reader: Reader;
  player: Player;
  mayEdit: boolean;
  onClose: () => void;
}) {
  const [text, setText] = useState("");
  const [by, setBy] = useState("");
  const [isCase, setCase] = useState(false);
  const [isWhole, setWhole] = useState(true);
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const revision = edits.revision.value;
  const hits = useMemo(() => find(edits, { text, isCase, isWhole }), [edits, revision, text, isCase, isWhole]);
  const here = hits.length === 0 ? -1 : Math.min(at, hits.length - 1);

  useEffect(() => input.current?.focus(), []);
  useEffect(() => {
    reader.mark("found", hits.slice(0, MOST_MARKS));
    const now = hits[here];
    reader.mark("found-now", now === undefined ? [] : [now]);
  }, [hits, here]);
  useEffect(
    () => () => {
      reader.mark("found", []);
      reader.mark("found-now", []);
    },
    [],
  );

  function show(next: number) {
    if (hits.length === 0) return;
    const to = (next + hits.length) % hits.length;
    setAt(to);
    const hit = hits[to];
    if (hit === undefined) return;
    const segment = edits.segments();
    const [line] = linesOf(segment, edits, [], hit.index);
    const word = line === undefined ? undefined : wordAt(line.words(), hit.start);
    player.seek(word?.startMs ?? segment[hit.index]?.startMs ?? 0);
    reader.reveal(hit.index, false);
  }
  function replace(some: readonly Hit[]) {
    reader.endEdit();
    edits.change(replaced(edits, some, by));
    if (some.length > 1 || hits.length === 1) {
      const times = some.length === 1 ? "once" : `${some.length} times`;
      tell(`“${short(text)}” was replaced ${times}.`, { action: { label: "Undo", run: () => edits.undo() } });
    }
  }
  const current = hits[here];
  return (
    <form
      class="replace card"
      role="search"
      aria-label="Find and replace"
      onSubmit={(event) => {
        event.preventDefault();
        show(at + 1);
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") onClose();
      }}
    >
      <div class="replace-row">
        <input
          ref={input}
          class="input"
          dir="auto"
          aria-label="Find"
          placeholder="Find"
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setAt(0);
          }}
        />
        <span class="small dim replace-count" role="status">
          {text === "" ? "" : hits.length === 0 ? "Not found" : `${here + 1} of ${hits.length}`}
        </span>
        <IconButton icon="up" label="Previous match" disabled={current === undefined} onClick={() => show(here - 1)} />
        <IconButton icon="down" label="Next match" disabled={current === undefined} onClick={() => show(here + 1)} />
        <IconButton icon="close" label="Close find and replace" onClick={onClose} />
      </div>
      {mayEdit && (
        <div class="replace-row">
          <input
            class="input"
            dir="auto"
            aria-label="Replace with"
            placeholder="Replace with"
            value={by}
            onInput={(event) => setBy(event.currentTarget.value)}
          />
          <button
            type="button"
            class="button"
            disabled={current === undefined}
            onClick={() => current !== undefined && replace([current])}
          >
            Replace
          </button>
          <button type="button" class="button" disabled={current === undefined} onClick={() => replace(hits)}>
            Replace all
          </button>
        </div>
      )}
      <div class="replace-row small">
        <label class="check">
          <input type="checkbox" checked={isCase} onChange={(event) => setCase(event.currentTarget.checked)} />
          <span>Match case</span>
        </label>
        <label class="check">
          <input type="checkbox" checked={isWhole} onChange={(event) => setWhole(event.currentTarget.checked)} />
          <span>Whole words</span>
        </label>
      </div>
    </form>
  );
}

function short(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
