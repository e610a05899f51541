// Keyboard shortcuts: single keys, and sequences such as `g j`.
import { computed, signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";

export interface Shortcut {
  /** One key, or two keys in sequence with a space between them: `?`, `g j`. The names are those of `KeyboardEvent.key`. */
  readonly keys: string;
  readonly does: string;
  readonly group: string;
  readonly run: (event: KeyboardEvent) => void;
}

const SEQUENCE_MS = 1200;

const registered = signal<readonly Shortcut[]>([]);
/** The shortcuts in groups, for the help. */
export const shortcutGroups = computed(() => Map.groupBy(registered.value, ({ group }) => group));

let first: { key: string; at: number } | null = null;

/** Whether a key is a shortcut. It is not while the person types or a dialog is open. */
function isMeantForPage(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return false;
  if (document.querySelector("dialog[open]") !== null) return false;
  const { target } = event;
  if (!(target instanceof HTMLElement)) return true;
  if (target.isContentEditable) return false;
  return !target.matches("input:not([type=checkbox], [type=radio], [type=button], [type=file]), textarea, select");
}

function listen(event: KeyboardEvent): void {
  if (!isMeantForPage(event)) return;
  const all = registered.value;
  const isSecond = first !== null && event.timeStamp - first.at < SEQUENCE_MS;
  const sequence = isSecond && first !== null ? `${first.key} ${event.key}` : event.key;
  first = null;
  const found = all.findLast(({ keys }) => keys === sequence) ?? all.findLast(({ keys }) => keys === event.key);
  if (found === undefined) {
    if (all.some(({ keys }) => keys.startsWith(`${event.key} `))) first = { key: event.key, at: event.timeStamp };
    return;
  }
  if (isPress(event)) return;
  event.preventDefault();
  found.run(event);
}

/** Whether the key activates the focused element, as Enter and space activate a button. */
function isPress({ key, target }: KeyboardEvent): boolean {
  if (key !== "Enter" && key !== " ") return false;
  return target instanceof Element && target.closest("button, a, summary, label, [role=tab]") !== null;
}

export function startShortcuts(): () => void {
  addEventListener("keydown", listen);
  return () => removeEventListener("keydown", listen);
}

/** Register keys while the component is mounted. Their actions are looked up when a key is pressed, so they may change freely. */
export function useShortcuts(group: string, shortcuts: readonly Omit<Shortcut, "group">[]): void {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  const names = shortcuts.map(({ keys, does }) => `${keys}\t${does}`).join("\n");
  // Before the component is shown: whoever sees it may press a key.
  useLayoutEffect(() => {
    const own = latest.current.map(({ keys, does }, index): Shortcut => ({
      keys,
      does,
      group,
      run: (event) => latest.current[index]?.run(event),
    }));
    registered.value = [...registered.value, ...own];
    return () => {
      registered.value = registered.value.filter((one) => !own.includes(one));
    };
  }, [group, names]);
}
