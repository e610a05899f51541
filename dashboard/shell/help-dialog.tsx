import { signal } from "@preact/signals";

import { Dialog } from "../ui/dialog.tsx";
import { shortcutGroups } from "./shortcuts.ts";

export const isHelpOpen = signal(false);

/** The keyboard shortcuts that work in the current view. */
export function HelpDialog() {
  if (!isHelpOpen.value) return null;
  return (
    <Dialog title="Keyboard shortcuts" focusesItself onClose={() => (isHelpOpen.value = false)}>
      <div class="shortcuts">
        {[...shortcutGroups.value].map(([group, shortcuts]) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {shortcuts.map(({ keys, does }) => (
                <div key={keys}>
                  <dt>{does}</dt>
                  <dd>
                    {keys.split(" ").map((key) => (
                      <kbd key={key}>{NAMES[key] ?? key}</kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}

const NAMES: Readonly<Record<string, string>> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  " ": "space",
  Escape: "esc",
};
