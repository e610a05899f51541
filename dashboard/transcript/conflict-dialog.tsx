import { useState } from "preact/hooks";

import { Dialog } from "../ui/dialog.tsx";
import { formatClock } from "../ui/format.ts";
import { Difference } from "./difference.tsx";
import type { Edits } from "./edits.ts";
import type { Conflict } from "./merge.ts";

type Choice = "mine" | "theirs" | "both";

/** Shown if two people have changed the same lines. Both versions are kept until this person has chosen. */
export function ConflictDialog({ edits }: { edits: Edits }) {
  const conflicts = edits.conflicts.value;
  const [choices, setChoices] = useState<readonly Choice[]>(() => conflicts.map(() => "mine"));
  const [texts, setTexts] = useState<readonly string[]>(() => conflicts.map(({ mine }) => mine.text));
  const [isHidden, setHidden] = useState(false);
  if (isHidden) {
    return (
      <div class="conflict-note notice" data-tone="warn" role="status">
        <div class="notice-text">Your changes are kept in this browser. They are saved after you have chosen.</div>
        <button type="button" class="button" onClick={() => setHidden(false)}>
          Choose
        </button>
      </div>
    );
  }
  return (
    <Dialog
      title="Somebody else has changed the same lines"
      isWide
      onClose={() => setHidden(true)}
      footer={
        <button
          type="button"
          class="button primary"
          onClick={() =>
            edits.resolve(
              conflicts.map(({ mine, theirs }, at) =>
                choices[at] === "theirs"
                  ? theirs
                  : choices[at] === "both"
                    ? { ...mine, text: texts[at] ?? mine.text }
                    : mine,
              ),
            )
          }
        >
          Save what is chosen
        </button>
      }
    >
      <p class="soft">Their version is saved. Choose the text of each line. Every version stays in the history.</p>
      {conflicts.map((conflict, at) => (
        <fieldset key={conflict.index} class="conflict">
          <legend class="small dim">{formatClock(conflict.startMs)}</legend>
          {(["mine", "theirs"] as const).map((whose) => (
            <label key={whose} class="conflict-side">
              <input
                type="radio"
                name={`conflict-${conflict.index}`}
                checked={choices[at] === whose}
                onChange={() => setChoices(change(choices, at, whose))}
              />
              <span>
                <strong>{whose === "mine" ? "Yours" : "Theirs"}</strong>
                <Side conflict={conflict} whose={whose} />
              </span>
            </label>
          ))}
          <label class="conflict-side">
            <input
              type="radio"
              name={`conflict-${conflict.index}`}
              checked={choices[at] === "both"}
              onChange={() => setChoices(change(choices, at, "both"))}
            />
            <span>
              <strong>New text</strong>
              <textarea
                class="input"
                rows={2}
                dir="auto"
                aria-label={`New text of the line at ${formatClock(conflict.startMs)}`}
                value={texts[at]}
                onInput={(event) => {
                  setTexts(change(texts, at, event.currentTarget.value));
                  setChoices(change(choices, at, "both"));
                }}
              />
            </span>
          </label>
        </fieldset>
      ))}
    </Dialog>
  );
}

function change<Value>(all: readonly Value[], at: number, value: Value): readonly Value[] {
  return all.map((one, index) => (index === at ? value : one));
}

function Side({ conflict: { base, mine, theirs }, whose }: { conflict: Conflict; whose: "mine" | "theirs" }) {
  const line = whose === "mine" ? mine : theirs;
  return (
    <span class="conflict-text" dir="auto">
      {line.speaker !== base.speaker && <span class="chip">{line.speaker ?? "no speaker"}</span>}
      <Difference before={base.text} after={line.text} />
    </span>
  );
}
