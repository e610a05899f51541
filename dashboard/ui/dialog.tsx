import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

import { IconButton } from "./icon-button.tsx";

/** A native dialog. It keeps the focus, Escape closes it, and the page behind it is inert. */
export function Dialog({
  title,
  onClose,
  children,
  footer,
  isWide = false,
  mayClose = true,
  focusesItself = false,
}: {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  footer?: ComponentChildren;
  isWide?: boolean;
  /** Whether Escape and the cross close it. */
  mayClose?: boolean;
  /** Focus the dialog itself. Otherwise the element with `autofocus` gets the focus, or the first button. */
  focusesItself?: boolean;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const { current } = ref;
    const before = document.activeElement;
    current?.showModal();
    return () => {
      current?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={ref}
      class="dialog"
      data-wide={isWide}
      autofocus={focusesItself}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        if (mayClose) onClose();
      }}
    >
      <header class="dialog-head">
        <h2 id={heading}>{title}</h2>
        {mayClose && <IconButton icon="close" label="Close" onClick={onClose} />}
      </header>
      <div class="dialog-body">{children}</div>
      {footer !== undefined && <footer class="dialog-foot">{footer}</footer>}
    </dialog>
  );
}

export interface Question {
  readonly title: string;
  readonly text: ComponentChildren;
  /** The label of the button: the act itself, such as `Delete job`. */
  readonly act: string;
  readonly isDangerous?: boolean;
}

const asked = signal<(Question & { readonly answer: (yes: boolean) => void }) | null>(null);

/** Ask for a confirmation before an act. */
export function confirm(question: Question): Promise<boolean> {
  return new Promise((resolve) => {
    asked.value = {
      ...question,
      answer(yes) {
        asked.value = null;
        resolve(yes);
      },
    };
  });
}

/** The dialog of `confirm`. The page contains it once. */
export function Confirmation() {
  const question = asked.value;
  if (question === null) return null;
  const { title, text, act, isDangerous = false, answer } = question;
  return (
    <Dialog
      title={title}
      onClose={() => answer(false)}
      footer={
        <>
          <button type="button" class="button" autofocus onClick={() => answer(false)}>
            Go back
          </button>
          <button type="button" class={isDangerous ? "button danger" : "button primary"} onClick={() => answer(true)}>
            {act}
          </button>
        </>
      }
    >
      {text}
    </Dialog>
  );
}
