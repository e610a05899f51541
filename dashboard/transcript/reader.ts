// Shows the text of a transcript. Each segment is a paragraph, and all of them are in the page, so that find in page finds everything. A
// word is a range of characters, not an element. There is no virtual DOM, because people edit the text and there are thousands of lines.
import { formatClock } from "../ui/format.ts";
import {
  BLOCK_LINES,
  createBlock,
  createGapRow,
  createRow,
  fillRow,
  type Gap,
  nameSpeaker,
  type Row,
  rowOf,
  type ShownLine,
} from "./reader-rows.ts";
import { createMarker, type MarkName } from "./highlight.ts";
import { caretOf, isCaretAtEdge, offsetAtPoint, placeCaret, rangeOf } from "./text-places.ts";
import { lastBegun, type WordSpan, wordAt } from "./words.ts";

export interface ReaderEvents {
  readonly onSeek: (timeMs: number) => void;
  readonly onType: (index: number, text: string) => void;
  readonly onSpeaker: (index: number) => void;
  readonly onEditing: (index: number | null) => void;
  readonly onFollowing: (isFollowing: boolean) => void;
  readonly onUndo: () => void;
  readonly onRedo: () => void;
}

export interface Reader {
  /** Show all lines. Unchanged lines keep their elements. */
  readonly show: (lines: readonly ShownLine[], gaps: readonly Gap[]) => void;
  readonly update: (index: number, line: ShownLine) => void;
  /** Mark the words that are said at this time, and scroll to them unless the person has scrolled away. */
  readonly speak: (timeMs: number) => void;
  readonly lineAt: (timeMs: number) => number;
  readonly edit: (index: number, offset?: number | null) => void;
  readonly endEdit: () => void;
  readonly follow: () => void;
  readonly reveal: (index: number, isAnimated?: boolean) => void;
  mark(
    name: MarkName,
    places: readonly { readonly index: number; readonly start: number; readonly end: number }[],
  ): void;
  readonly setEditable: (is: boolean) => void;
  readonly destroy: () => void;
}

/** The reader stops following when the person scrolls. Scrolling within this time is the page's own. */
const OWN_SCROLL_MS = 900;

export function createReader(root: HTMLElement, events: ReaderEvents): Reader {
  const list = document.createElement("div");
  list.className = "lines";
  list.setAttribute("role", "list");
  list.setAttribute("aria-label", "Lines");
  root.append(list);
  const marker = createMarker(root);
  const stopping = new AbortController();
  const { signal } = stopping;
  const rows: Row[] = [];
  const blocks: HTMLElement[] = [];
  /** Kept in addition to the rows, because it is searched for every frame that the browser draws. */
  const shown: ShownLine[] = [];
  let gapRows: HTMLElement[] = [];
  let isEditable = false;
  let editing: number | null = null;
  let spokenLine = -1;
  let spokenWord: WordSpan | undefined;
  let isFollowing = true;
  let ownScrollUntil = 0;

  function blockOf(index: number): HTMLElement {
    const at = Math.floor(index / BLOCK_LINES);
    let block = blocks[at];
    if (block === undefined) {
      block = createBlock();
      blocks[at] = block;
      list.append(block);
    }
    return block;
  }

  function speakerOf(row: Row | undefined): void {
    if (row === undefined) return;
    const index = Number(row.element.dataset["line"]);
    nameSpeaker(row, { before: shown[index - 1]?.speaker ?? null, isEdited: editing === index, isEditable });
  }

  function endEdit(): void {
    if (editing === null) return;
    const row = rows[editing];
    editing = null;
    root.classList.remove("is-editing");
    if (row !== undefined) {
      const { paragraph, element } = row;
      paragraph.removeAttribute("contenteditable");
      paragraph.removeAttribute("role");
      paragraph.removeAttribute("aria-label");
      element.classList.remove("is-edited");
      // Restore a single text node, without elements that the browser has added.
      paragraph.textContent = row.line.text;
      if (document.activeElement === paragraph) paragraph.blur();
      element.toggleAttribute("data-empty", row.line.text.trim() === "");
    }
    speakerOf(row);
    spokenWord = undefined;
    events.onEditing(null);
  }

  function open(index: number): Row | null {
    const row = rows[index];
    if (row === undefined || !isEditable) return null;
    if (editing !== index) {
      endEdit();
      editing = index;
      const { paragraph, element, line } = row;
      paragraph.setAttribute("contenteditable", "plaintext-only");
      // A browser that does not support `plaintext-only` ignores it.
      if (!paragraph.isContentEditable) paragraph.setAttribute("contenteditable", "true");
      paragraph.setAttribute("role", "textbox");
      paragraph.setAttribute("aria-label", `What is said at ${formatClock(line.startMs)}`);
      element.classList.add("is-edited");
      root.classList.add("is-editing");
      speakerOf(row);
      events.onEditing(index);
    }
    return row;
  }

  function edit(index: number, offset: number | null = 0): void {
    const row = open(index);
    if (row === null) return;
    row.paragraph.focus({ preventScroll: true });
    placeCaret(row.paragraph, offset ?? row.line.text.length);
    reveal(index, false);
  }

  function goTo(index: number, atEnd: boolean): void {
    const row = rows[index];
    if (row === undefined) return;
    edit(index, atEnd ? null : 0);
    events.onSeek(row.line.startMs);
  }

  function setFollowing(is: boolean): void {
    if (isFollowing === is) return;
    isFollowing = is;
    events.onFollowing(is);
  }

  function reveal(index: number, isAnimated = true): void {
    const row = rows[index];
    if (row === undefined) return;
    const { top, bottom } = row.element.getBoundingClientRect();
    // Do not scroll if the line is near the middle.
    if (top > innerHeight * 0.2 && bottom < innerHeight * 0.7) return;
    ownScrollUntil = performance.now() + OWN_SCROLL_MS;
    const isFar = top < -innerHeight || bottom > 2 * innerHeight;
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    row.element.scrollIntoView({ block: "center", behavior: isAnimated && !isFar && !isCalm ? "smooth" : "instant" });
    // Lines that were never drawn have an estimated height, so scroll again after they are drawn.
    if (isFar) requestAnimationFrame(() => row.element.scrollIntoView({ block: "center", behavior: "instant" }));
  }

  list.addEventListener(
    "pointerdown",
    ({ target }) => {
      const index = rowOf(target);
      if (
        isEditable &&
        editing !== null &&
        index !== null &&
        target instanceof Element &&
        target.closest("p") !== null
      ) {
        open(index);
      }
    },
    { signal },
  );
  list.addEventListener(
    "click",
    (event) => {
      const { target } = event;
      const index = rowOf(target);
      const row = index === null ? undefined : rows[index];
      if (index === null || row === undefined || !(target instanceof Element)) return;
      if (target.closest(".line-speaker") !== null) events.onSpeaker(index);
      else if (target.closest(".line-time") !== null) events.onSeek(row.line.startMs);
      else if (target.closest("p") !== null && getSelection()?.isCollapsed !== false) {
        const offset = offsetAtPoint(row.paragraph, event.clientX, event.clientY);
        const word = offset === null ? undefined : wordAt(row.line.words(), offset);
        events.onSeek(word?.startMs ?? row.line.startMs);
      }
    },
    { signal },
  );
  list.addEventListener(
    "dblclick",
    (event) => {
      const index = rowOf(event.target);
      const row = index === null ? undefined : rows[index];
      if (index === null || row === undefined || editing === index) return;
      edit(index, offsetAtPoint(row.paragraph, event.clientX, event.clientY));
    },
    { signal },
  );
  list.addEventListener(
    "input",
    () => {
      const row = editing === null ? undefined : rows[editing];
      if (editing !== null && row !== undefined) events.onType(editing, row.paragraph.textContent ?? "");
    },
    { signal },
  );
  list.addEventListener(
    "beforeinput",
    (event) => {
      if (event.inputType === "historyUndo" || event.inputType === "historyRedo") event.preventDefault();
      if (event.inputType === "insertParagraph" || event.inputType === "insertLineBreak") event.preventDefault();
    },
    { signal },
  );
  list.addEventListener(
    "keydown",
    (event) => {
      const row = editing === null ? undefined : rows[editing];
      if (editing === null || row === undefined || event.isComposing) return;
      const caret = caretOf(row.paragraph);
      const length = row.paragraph.textContent?.length ?? 0;
      const isPlain = !event.shiftKey && !event.ctrlKey && !event.metaKey && !event.altKey;
      const act = (run: () => void) => {
        event.preventDefault();
        event.stopPropagation();
        run();
      };
      const index = editing;
      if (event.key === "Escape") act(endEdit);
      else if (event.key === "Enter") act(() => goTo(index + (event.shiftKey ? -1 : 1), false));
      else if (isPlain && event.key === "ArrowUp" && isCaretAtEdge(row.paragraph, "top"))
        act(() => goTo(index - 1, true));
      else if (isPlain && event.key === "ArrowDown" && isCaretAtEdge(row.paragraph, "bottom"))
        act(() => goTo(index + 1, false));
      else if (isPlain && event.key === "ArrowLeft" && caret === 0) act(() => goTo(index - 1, true));
      else if (isPlain && event.key === "ArrowRight" && caret === length) act(() => goTo(index + 1, false));
      else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z")
        act(event.shiftKey ? events.onRedo : events.onUndo);
      else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "y") act(events.onRedo);
    },
    { signal },
  );
  const scrolled = () => {
    if (performance.now() > ownScrollUntil) setFollowing(false);
  };
  addEventListener("scroll", scrolled, { signal, passive: true });
  for (const type of ["wheel", "touchmove"])
    addEventListener(type, () => setFollowing(false), { signal, passive: true });

  return {
    show(lines, gaps) {
      for (const gap of gapRows) gap.remove();
      shown.length = 0;
      for (const [index, line] of lines.entries()) {
        shown.push(line);
        const row = rows[index];
        if (row === undefined) {
          const made = createRow(index, line);
          rows.push(made);
          blockOf(index).append(made.element);
        } else if (row.line !== line) {
          const { line: before } = row;
          row.line = line;
          if (editing !== index) fillRow(row, line, before);
        }
        if (line.speaker !== null || row?.element.querySelector(".line-speaker") != null) speakerOf(rows[index]);
      }
      for (const old of rows.splice(lines.length)) old.element.remove();
      for (const old of blocks.splice(Math.ceil(lines.length / BLOCK_LINES))) old.remove();
      gapRows = gaps.map((gap) => createGapRow(gap, () => events.onSeek(gap.startMs)));
      for (const [at, gap] of gaps.entries()) {
        const next = rows.find(({ line }) => line.startMs >= gap.startMs);
        const element = gapRows[at];
        if (element === undefined) continue;
        if (next === undefined) (blocks.at(-1) ?? list).append(element);
        else next.element.before(element);
      }
      spokenWord = undefined;
    },
    update(index, line) {
      const row = rows[index];
      if (row === undefined) return;
      const { line: before } = row;
      row.line = line;
      shown[index] = line;
      spokenWord = undefined;
      if (editing !== index) fillRow(row, line, before);
      else if (row.paragraph.textContent !== line.text) {
        const caret = caretOf(row.paragraph) ?? line.text.length;
        row.paragraph.textContent = line.text;
        placeCaret(row.paragraph, Math.min(caret, line.text.length));
      }
      speakerOf(row);
      speakerOf(rows[index + 1]);
    },
    speak(timeMs) {
      const index = lastBegun(shown, timeMs);
      if (index !== spokenLine) {
        rows[spokenLine]?.element.classList.remove("is-spoken");
        rows[index]?.element.classList.add("is-spoken");
        spokenLine = index;
        spokenWord = undefined;
        if (isFollowing && editing === null) reveal(index);
      }
      const row = rows[index];
      if (row === undefined) {
        marker.mark("spoken", []);
        return;
      }
      const words = row.line.words();
      const word = words[lastBegun(words, timeMs)];
      if (word === spokenWord && word !== undefined) return;
      spokenWord = word;
      const range = word === undefined ? null : rangeOf(row.paragraph, word.start, word.end);
      marker.mark("spoken", range === null ? [] : [range]);
    },
    lineAt: (timeMs) => lastBegun(shown, timeMs),
    edit,
    endEdit,
    follow() {
      setFollowing(true);
      reveal(spokenLine, false);
    },
    reveal,
    mark(name, places) {
      const ranges = places.flatMap(({ index, start, end }) => {
        const row = rows[index];
        return row === undefined ? [] : (rangeOf(row.paragraph, start, end) ?? []);
      });
      marker.mark(name, ranges);
    },
    setEditable(is) {
      if (isEditable === is) return;
      if (!is) endEdit();
      isEditable = is;
      for (const button of list.querySelectorAll<HTMLButtonElement>(".line-speaker")) button.disabled = !is;
    },
    destroy() {
      stopping.abort();
      marker.clear();
      root.replaceChildren();
    },
  };
}
