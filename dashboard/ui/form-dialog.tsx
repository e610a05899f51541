import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

import { Dialog } from "./dialog.tsx";
import { Refusal } from "./states.tsx";

/** A dialog with one form and two buttons. If the API refuses the form, the dialog shows why, and what was typed stays. */
export function FormDialog({
  title,
  act,
  isReady,
  isDangerous = false,
  isWide = false,
  error = null,
  onSubmit,
  onClose,
  children,
}: {
  title: string;
  /** The label of the button: the act itself. */
  act: string;
  /** Whether the form can be sent, and is not being sent already. */
  isReady: boolean;
  isDangerous?: boolean;
  isWide?: boolean;
  error?: unknown;
  onSubmit: () => void;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const form = useId();
  return (
    <Dialog
      title={title}
      isWide={isWide}
      onClose={onClose}
      footer={
        <>
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button form={form} class={isDangerous ? "button danger" : "button primary"} disabled={!isReady}>
            {act}
          </button>
        </>
      }
    >
      <form
        id={form}
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) onSubmit();
        }}
      >
        {children}
        <Refusal error={error} />
      </form>
    </Dialog>
  );
}
