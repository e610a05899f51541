import { useEffect, useRef } from "preact/hooks";

import { useShortcuts } from "../shell/shortcuts.ts";
import { tell } from "../shell/toasts.tsx";
import { copyText } from "../ui/copy.tsx";
import { formatClock } from "../ui/format.ts";
import type { Edits } from "./edits.ts";
import { type Player, RATES } from "./player.ts";
import type { Reader } from "./reader.ts";
import type { Open } from "./transcript-view.tsx";

export const SKIP_MS = 5000;

interface Keys {
  readonly player: Player;
  readonly edits: Edits | null;
  readonly reader: Reader | null;
  readonly mayEdit: boolean;
  readonly edit: () => void;
  readonly stepDoubt: (step: 1 | -1) => void;
  readonly stepLine: (step: 1 | -1) => void;
  readonly setOpen: (change: (before: Open) => Open) => void;
}

/** Register the keys of the view. Keys with Ctrl also work while the person types. */
export function useTranscriptKeys(keys: Keys): void {
  const { player, edits, reader, mayEdit, edit, stepDoubt, stepLine, setOpen } = keys;
  const toggle = (which: NonNullable<Open>) => setOpen((before) => (before === which ? null : which));
  useShortcuts("Player", [
    { keys: " ", does: "Play or pause (Ctrl+space while typing)", run: player.toggle },
    { keys: "ArrowLeft", does: "Go back 5 s", run: () => player.skip(-SKIP_MS) },
    { keys: "ArrowRight", does: "Go forward 5 s", run: () => player.skip(SKIP_MS) },
    { keys: "b", does: "Repeat the last 3 s slowly (Ctrl+b while typing)", run: player.repeatSlowly },
    { keys: ",", does: "Slower", run: () => player.setRate(nextRate(player, -1)) },
    { keys: ".", does: "Faster", run: () => player.setRate(nextRate(player, 1)) },
  ]);
  useShortcuts("Transcript", [
    { keys: "j", does: "Next line", run: () => stepLine(1) },
    { keys: "k", does: "Previous line", run: () => stepLine(-1) },
    { keys: "x", does: "Next doubtful place", run: () => stepDoubt(1) },
    { keys: "X", does: "Previous doubtful place", run: () => stepDoubt(-1) },
    { keys: "f", does: "Follow along", run: () => reader?.follow() },
    { keys: "l", does: "Copy a link to this second", run: () => void copyLink(player) },
    ...(mayEdit
      ? [{ keys: "e", does: "Edit the line (Escape ends, Enter goes to the next line)", run: () => edit() }]
      : []),
    ...(edits !== null
      ? [
          { keys: "h", does: "Find and replace", run: () => toggle("replace") },
          { keys: "a", does: "Ask about it", run: () => toggle("ask") },
          { keys: "o", does: "Export", run: () => toggle("export") },
          { keys: "v", does: "Versions", run: () => toggle("history") },
        ]
      : []),
  ]);
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.defaultPrevented) return;
      if (document.querySelector("dialog[open]") !== null) return;
      const act = actOf(event, latest.current);
      if (act === null) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, []);
}

function actOf(event: KeyboardEvent, { player, edits, reader }: Keys): (() => void) | null {
  const { target } = event;
  const isField = target instanceof Element && target.matches("input, textarea, select");
  const key = event.key.toLowerCase();
  if (key === " ") return player.toggle;
  if (key === "b" && !isField) return player.repeatSlowly;
  if (edits === null || isField) return null;
  const show = (index: number | null) => {
    if (index !== null) reader?.reveal(index, false);
  };
  if (key === "s") return () => void edits.save();
  if (key === "y" || (key === "z" && event.shiftKey)) return () => show(edits.redo());
  return key === "z" ? () => show(edits.undo()) : null;
}

function nextRate({ rate }: Player, step: 1 | -1): number {
  const at = RATES.findIndex((one) => one === rate.value);
  return RATES[Math.max(0, Math.min(RATES.length - 1, at + step))] ?? 1;
}

async function copyLink({ timeMs }: Player): Promise<void> {
  const url = new URL(location.href);
  url.search = `?at=${(timeMs.value / 1000).toFixed(1)}`;
  if (await copyText(url.href)) tell(`The link to ${formatClock(timeMs.value)} was copied.`);
  else tell("The browser did not allow the copy.", { tone: "bad" });
}
