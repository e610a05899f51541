// The elements of a line: its time, its speaker, and the paragraph with its words.
import { formatClock } from "../ui/format.ts";
import type { WordSpan } from "./words.ts";

/** A line as the reader shows it. */
export interface ShownLine {
  readonly startMs: number;
  readonly text: string;
  readonly speaker: string | null;
  readonly words: () => readonly WordSpan[];
  /** Why a person should check the line. */
  readonly doubt: string | null;
}

export interface Gap {
  readonly startMs: number;
  readonly endMs: number;
  readonly reason: string;
}

export interface Row {
  readonly element: HTMLElement;
  readonly paragraph: HTMLParagraphElement;
  line: ShownLine;
}

/** The number of lines that are laid out together. */
export const BLOCK_LINES = 40;

/** Create the element for lines that are laid out together. To a screen reader, the lines are direct children of the list. */
export function createBlock(): HTMLElement {
  const block = document.createElement("div");
  block.className = "lines-block";
  block.setAttribute("role", "presentation");
  return block;
}

/** Return the index of the line that contains an element. */
export function rowOf(target: EventTarget | null): number | null {
  const item = target instanceof Element ? target.closest<HTMLElement>("[data-line]") : null;
  return item === null ? null : Number(item.dataset["line"]);
}

export function createRow(index: number, line: ShownLine): Row {
  const element = document.createElement("div");
  element.className = "line";
  element.setAttribute("role", "listitem");
  element.dataset["line"] = String(index);
  const time = document.createElement("button");
  time.type = "button";
  time.className = "line-time";
  // Thousands of tab stops would be too many. The keys `j` and `k` move between lines.
  time.tabIndex = -1;
  const body = document.createElement("div");
  body.className = "line-body";
  const paragraph = document.createElement("p");
  paragraph.dir = "auto";
  body.append(paragraph);
  element.append(time, body);
  const row: Row = { element, paragraph, line };
  fillRow(row, line, null);
  return row;
}

/** @param before the line that the row has shown until now. */
export function fillRow(row: Row, line: ShownLine, before: ShownLine | null): void {
  row.line = line;
  const { element, paragraph } = row;
  if (before === null || before.startMs !== line.startMs) {
    const time = element.querySelector<HTMLButtonElement>(".line-time");
    if (time !== null) {
      time.textContent = formatClock(line.startMs);
      time.setAttribute("aria-label", `Play from ${formatClock(line.startMs)}`);
    }
  }
  if (paragraph.textContent !== line.text) paragraph.textContent = line.text;
  element.toggleAttribute("data-empty", line.text.trim() === "");
  if (line.doubt === null) element.removeAttribute("data-doubt");
  else {
    element.dataset["doubt"] = "";
    element.title = `Check this: ${line.doubt}`;
  }
}

/** Show the speaker above the first line of a turn, and above the line that is being edited. */
export function nameSpeaker(
  { element, line }: Row,
  { before, isEdited, isEditable }: { before: string | null; isEdited: boolean; isEditable: boolean },
): void {
  const isShown = isEdited || (line.speaker !== null && line.speaker !== before);
  let button = element.querySelector<HTMLButtonElement>(".line-speaker");
  if (!isShown) {
    button?.remove();
    return;
  }
  if (button === null) {
    button = document.createElement("button");
    button.type = "button";
    button.tabIndex = -1;
    element.querySelector(".line-body")?.prepend(button);
  }
  button.className = line.speaker === null ? "line-speaker is-missing" : "line-speaker";
  button.textContent = line.speaker ?? "Who speaks?";
  button.dir = "auto";
  button.disabled = !isEditable;
}

export function createGapRow({ startMs, endMs, reason }: Gap, seek: () => void): HTMLElement {
  const row = document.createElement("div");
  row.className = "line-gap";
  row.setAttribute("role", "listitem");
  const time = document.createElement("button");
  time.type = "button";
  time.className = "line-time";
  time.textContent = formatClock(startMs);
  time.setAttribute("aria-label", `Play from ${formatClock(startMs)}`);
  time.addEventListener("click", seek);
  const text = document.createElement("p");
  text.dir = "auto";
  text.textContent = `Not transcribed from ${formatClock(startMs)} to ${formatClock(endMs)}: ${reason}`;
  row.append(time, text);
  return row;
}
