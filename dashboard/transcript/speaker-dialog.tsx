import { useId, useState } from "preact/hooks";

import { Dialog } from "../ui/dialog.tsx";
import { formatClock } from "../ui/format.ts";
import type { Edits } from "./edits.ts";

type Reach = "line" | "on" | "all";
const MOST_CHARS = 100;

/** Set the speaker of one line, of the following lines up to another speaker, or of all lines with the same name. */
export function SpeakerDialog({ edits, index, onClose }: { edits: Edits; index: number; onClose: () => void }) {
  const before = edits.line(index).speaker;
  const [name, setName] = useState(before ?? "");
  const [reach, setReach] = useState<Reach>(before === null ? "on" : "all");
  const list = useId();
  const lines = edits.segments().map((_, at) => edits.line(at));
  const names = [...new Set(lines.flatMap(({ speaker }) => speaker ?? []))];

  function save() {
    const speaker = name.trim() === "" ? null : name.trim();
    const end = lines.findIndex((line, at) => at > index && line.speaker !== before);
    const chosen = lines.flatMap((line, at) => {
      const isMeant =
        reach === "line"
          ? at === index
          : reach === "all"
            ? line.speaker === before
            : at >= index && (end < 0 || at < end);
      return isMeant ? [{ ...line, index: at, speaker }] : [];
    });
    edits.change(chosen);
    onClose();
  }
  const reaches: readonly (readonly [Reach, string])[] = [
    ["line", "This line"],
    ["on", "From here on"],
    ["all", before === null ? "Every line without a name" : `Everywhere “${before}” speaks`],
  ];
  return (
    <Dialog
      title={`Who speaks at ${formatClock(edits.segment(index)?.startMs ?? 0)}?`}
      onClose={onClose}
      footer={
        <>
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="button" class="button primary" onClick={save}>
            {name.trim() === "" ? "Remove the name" : "Name the speaker"}
          </button>
        </>
      }
    >
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <label class="field">
          <span>Name</span>
          <input
            class="input"
            dir="auto"
            autofocus
            maxLength={MOST_CHARS}
            list={list}
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <datalist id={list}>
          {names.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
        <fieldset class="stack-small">
          <legend class="visually-hidden">Which lines</legend>
          {reaches.map(([one, says]) => (
            <label key={one} class="check">
              <input type="radio" name="reach" checked={reach === one} onChange={() => setReach(one)} />
              <span>{says}</span>
            </label>
          ))}
        </fieldset>
      </form>
    </Dialog>
  );
}
