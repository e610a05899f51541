import { CopyButton } from "../ui/copy.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Icon } from "../ui/icon.tsx";
import type { ComponentChildren } from "preact";

/** A secret that is shown this once. Escape does not close it: what was not copied is gone. */
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
            I have kept it
          </button>
        </>
      }
    >
      <div class="notice" data-tone="warn">
        <Icon name="key" />
        <div class="notice-text">It is shown this once. Keep it now: nobody can read it again.</div>
      </div>
      <output class="secret mono">{secret}</output>
      <div class="soft">{children}</div>
    </Dialog>
  );
}
