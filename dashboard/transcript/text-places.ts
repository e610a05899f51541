// Converts between characters of a paragraph and places on the screen.

/** Return the character of a paragraph at a point, or null if the point is not on its text. */
export function offsetAtPoint(paragraph: HTMLElement, x: number, y: number): number | null {
  const place = document.caretPositionFromPoint?.(x, y) ?? null;
  const [node, offset] =
    place === null ? olderPlace(x, y) : ([place.offsetNode, place.offset] as readonly [Node, number]);
  if (node === null || !paragraph.contains(node)) return null;
  return offsetWithin(paragraph, node, offset);
}

// Safari only supports the older function.
function olderPlace(x: number, y: number): readonly [Node | null, number] {
  const { caretRangeFromPoint } = document as { caretRangeFromPoint?: (x: number, y: number) => Range | null };
  const range = caretRangeFromPoint?.call(document, x, y) ?? null;
  return [range?.startContainer ?? null, range?.startOffset ?? 0];
}

export function offsetWithin(paragraph: HTMLElement, node: Node, offset: number): number {
  const range = document.createRange();
  range.setStart(paragraph, 0);
  range.setEnd(node, offset);
  return range.toString().length;
}

/** Return the character after the caret, or null if the caret is not in the paragraph. */
export function caretOf(paragraph: HTMLElement): number | null {
  const selection = getSelection();
  if (selection?.focusNode == null || !paragraph.contains(selection.focusNode)) return null;
  return offsetWithin(paragraph, selection.focusNode, selection.focusOffset);
}

/** Return the range from one character up to another. While a person types, a paragraph may have several text nodes. */
export function rangeOf(paragraph: HTMLElement, start: number, end: number): Range | null {
  const range = document.createRange();
  const walker = document.createTreeWalker(paragraph, NodeFilter.SHOW_TEXT);
  let passed = 0;
  let hasStart = false;
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const length = node.nodeValue?.length ?? 0;
    if (!hasStart && start <= passed + length) {
      range.setStart(node, start - passed);
      hasStart = true;
    }
    if (hasStart && end <= passed + length) {
      range.setEnd(node, end - passed);
      return range;
    }
    passed += length;
  }
  return null;
}

export function placeCaret(paragraph: HTMLElement, offset: number): void {
  const range = rangeOf(paragraph, offset, offset);
  const selection = getSelection();
  if (range === null) selection?.collapse(paragraph, 0);
  else selection?.collapse(range.startContainer, range.startOffset);
}

/** Whether the caret is in the first or last laid-out line of a paragraph that is being edited. */
export function isCaretAtEdge(paragraph: HTMLElement, edge: "top" | "bottom"): boolean {
  const selection = getSelection();
  if (selection === null || !selection.isCollapsed || selection.rangeCount === 0) return false;
  const caret = selection.getRangeAt(0).getClientRects()[0];
  if (caret === undefined) return true;
  const { top, bottom } = paragraph.getBoundingClientRect();
  return edge === "top" ? caret.top - top < caret.height : bottom - caret.bottom < caret.height;
}
