import { useId, useState } from "preact/hooks";

import { Dialog } from "../ui/dialog.tsx";
import type { ComponentChildren } from "preact";

const MAX_NOTE_CHARS = 500;

/** Asks before an act, with a note that others will read. */
export function NoteDialog({
  title,
  children,
  hint,
  act,
  isRequired = false,
  isDangerous = false,
  onDone,
  onClose,
}: {
  title: string;
  children: ComponentChildren;
  /** Who reads the note. */
  hint: string;
  act: string;
  isRequired?: boolean;
  isDangerous?: boolean;
  onDone: (note: string | undefined) => void;
  onClose: () => void;
}) {
  const [note, setNote] = useState("");
  const form = useId();
  const said = note.trim();
  return (
    <Dialog
      title={title}
      onClose={onClose}
      footer={
        <>
          <button type="button" class="button" onClick={onClose}>
            Leave it
          </button>
          <button
            form={form}
            class={isDangerous ? "button danger" : "button primary"}
            disabled={isRequired && said === ""}
          >
            {act}
          </button>
        </>
      }
    >
      <p>{children}</p>
      <form
        id={form}
        onSubmit={(event) => {
          event.preventDefault();
          onClose();
          onDone(said === "" ? undefined : said);
        }}
      >
        <label class="field">
          <span>Note{isRequired ? "" : " (optional)"}</span>
          <input
            class="input"
            autofocus
            maxLength={MAX_NOTE_CHARS}
            value={note}
            onInput={({ currentTarget }) => setNote(currentTarget.value)}
          />
          <span class="hint">{hint}</span>
        </label>
      </form>
    </Dialog>
  );
}
