import { useState } from "preact/hooks";

import { FormDialog } from "../ui/form-dialog.tsx";
import type { ComponentChildren } from "preact";

const MAX_NOTE_CHARS = 500;

/** Ask for a confirmation before an act, with a note for other people. */
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
  /** The readers of the note. */
  hint: string;
  act: string;
  isRequired?: boolean;
  isDangerous?: boolean;
  onDone: (note: string | undefined) => void;
  onClose: () => void;
}) {
  const [note, setNote] = useState("");
  const said = note.trim();
  return (
    <FormDialog
      title={title}
      onClose={onClose}
      act={act}
      isReady={!isRequired || said !== ""}
      isDangerous={isDangerous}
      onSubmit={() => {
        onClose();
        onDone(said === "" ? undefined : said);
      }}
    >
      <p>{children}</p>
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
    </FormDialog>
  );
}
