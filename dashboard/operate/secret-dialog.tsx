import { CopyButton } from "../ui/copy.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Icon } from "../ui/icon.tsx";
import type { ComponentChildren } from "preact";

/** A secret that is shown only once. Escape does not close the dialog, because an uncopied secret would be lost. */
export function SecretDialog({
  title,
  secret,
  children,
  onClose,
}: {
  title: string;
  secret: string;
  children: ComponentChildren;
  onClose: () => void;
}) {
  return (
    <Dialog
      title={title}
      mayClose={false}
      onClose={onClose}
      footer={
        <>
          <CopyButton text={secret} />
          <button type="button" class="button primary" onClick={onClose}>
            I have saved it
          </button>
        </>
      }
    >
      <div class="notice" data-tone="warn">
        <Icon name="key" />
        <div class="notice-text">This is shown only once. Save it now: nobody can read it again.</div>
      </div>
      <output class="secret mono">{secret}</output>
      <div class="soft">{children}</div>
    </Dialog>
  );
}
