import { Icon, type IconName } from "../ui/icon.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import type { Edits } from "./edits.ts";
import type { Open } from "./transcript-view.tsx";

const TOOLS: readonly { readonly open: NonNullable<Open>; readonly name: string; readonly icon: IconName }[] = [
  { open: "replace", name: "Find and replace", icon: "search" },
  { open: "ask", name: "Ask", icon: "help" },
  { open: "history", name: "Versions", icon: "redo" },
  { open: "export", name: "Export", icon: "download" },
];

export function Toolbar({
  edits,
  isEditing,
  mayEdit,
  isLive,
  open,
  setOpen,
  onEdit,
}: {
  edits: Edits | null;
  isEditing: boolean;
  mayEdit: boolean;
  isLive: boolean;
  open: Open;
  setOpen: (open: Open) => void;
  onEdit: () => void;
}) {
  return (
    <div class="toolbar" role="toolbar" aria-label="Transcript">
      {mayEdit && (
        <button
          type="button"
          class="button tool"
          aria-pressed={isEditing}
          // Keep the focus in the edited line until the button is pressed.
          onMouseDown={(event) => event.preventDefault()}
          onClick={onEdit}
        >
          <Icon name={isEditing ? "check" : "text"} />
          <span>{isEditing ? "Done" : "Edit"}</span>
        </button>
      )}
      {edits !== null &&
        TOOLS.map(({ open: which, name, icon }) => (
          <button
            key={which}
            type="button"
            class="button quiet tool"
            aria-pressed={open === which}
            aria-label={name}
            title={name}
            onClick={() => setOpen(open === which ? null : which)}
          >
            <Icon name={icon} />
            <span>{name}</span>
          </button>
        ))}
      {isLive && <span class="small dim">You can edit and export the transcript when the job has finished.</span>}
      {edits !== null && mayEdit && <SaveState edits={edits} />}
    </div>
  );
}

function SaveState({ edits }: { edits: Edits }) {
  const { value } = edits.saving;
  return (
    <div class="save-state small" data-state={value.state}>
      <span role="status">
        {value.state === "saved" &&
          (edits.version.value === 0 ? "Original" : `Saved as version ${edits.version.value}`)}
        {value.state === "dirty" && "Not saved yet"}
        {value.state === "saving" && "Saving …"}
        {value.state === "conflict" && "Somebody else has edited the same lines"}
        {value.state === "waiting" && (
          <span title={value.why}>Not saved. Kept in this browser and sent again soon</span>
        )}
        {value.state === "refused" && <span class="bad">Not saved. {value.why}</span>}
      </span>
      <IconButton
        icon="undo"
        label="Undo"
        title="Undo (Ctrl+Z)"
        disabled={!edits.canUndo.value}
        onMouseDown={(event) => event.preventDefault()}
        onClick={() => edits.undo()}
      />
      <IconButton
        icon="redo"
        label="Redo"
        title="Redo (Ctrl+Shift+Z)"
        disabled={!edits.canRedo.value}
        onMouseDown={(event) => event.preventDefault()}
        onClick={() => edits.redo()}
      />
    </div>
  );
}
