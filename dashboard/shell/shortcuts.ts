// Keys for people who do not reach for the mouse: single keys, and sequences such as `g j`.
import { computed, signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

export interface Shortcut {
  /** One key, or two after another with a space between: `?`, `g j`. As `KeyboardEvent.key` names it. */
  readonly keys: string;
  readonly does: string;
  readonly group: string;
  readonly run: (event: KeyboardEvent) => void;
}

const SEQUENCE_MS = 1200;

const registered = signal<readonly Shortcut[]>([]);
/** As the help shows them. */
export const shortcutGroups = computed(() => Map.groupBy(registered.value, ({ group }) => group));

let first: { key: string; at: number } | null = null;

/** Whoever types, or is asked something, is not meant. */
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

/** Whether the key presses what has the focus: a button is pressed by Enter and the space bar itself. */
function isPress({ key, target }: KeyboardEvent): boolean {
  if (key !== "Enter" && key !== " ") return false;
  return target instanceof Element && target.closest("button, a, summary, label, [role=tab]") !== null;
}

export function startShortcuts(): () => void {
  addEventListener("keydown", listen);
  return () => removeEventListener("keydown", listen);
}

/** Keys that work while the component is there. What they do is looked up when they are pressed, so it may change freely. */
export function useShortcuts(group: string, shortcuts: readonly Omit<Shortcut, "group">[]): void {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  const names = shortcuts.map(({ keys, does }) => `${keys}\t${does}`).join("\n");
  useEffect(() => {
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
