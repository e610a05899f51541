import { signal } from "@preact/signals";

import { sentenceOf } from "../api/queries.ts";
import { Icon } from "../ui/icon.tsx";
import { IconButton } from "../ui/icon-button.tsx";

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: "plain" | "bad";
  readonly action: { readonly label: string; readonly run: () => void } | undefined;
}

const SHOWN_MS = 7000;
const toasts = signal<readonly Toast[]>([]);
let last = 0;

/** Show what was done. A screen reader reads it out. It disappears after some seconds, and an error stays until it is closed. */
export function tell(text: string, { tone = "plain", action }: Partial<Pick<Toast, "tone" | "action">> = {}): void {
  last += 1;
  const id = last;
  toasts.value = [...toasts.value.slice(-3), { id, text, tone, action }];
  if (tone === "plain") setTimeout(() => close(id), SHOWN_MS);
}

export function tellError(error: unknown): void {
  tell(sentenceOf(error), { tone: "bad" });
}

function close(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

export function Toasts() {
  return (
    <div class="toasts" role="region" aria-label="Notifications" aria-live="polite">
      {toasts.value.map(({ id, text, tone, action }) => (
        <div key={id} class="toast" data-tone={tone} role={tone === "bad" ? "alert" : undefined}>
          <Icon name={tone === "bad" ? "alert" : "check"} />
          <span>{text}</span>
          {action !== undefined && (
            <button
              type="button"
              class="link"
              onClick={() => {
                close(id);
                action.run();
              }}
            >
              {action.label}
            </button>
          )}
          <IconButton icon="close" label="Close" onClick={() => close(id)} />
        </div>
      ))}
    </div>
  );
}
