// Marks words without changing the text, so that find in page, selections and translations keep working.

/** Marks ranges of the text. A browser without highlights draws boxes behind them instead. */
export interface Marker {
  mark(name: MarkName, ranges: readonly Range[]): void;
  clear(): void;
}

export type MarkName = "spoken" | "found" | "found-now";

export function createMarker(root: HTMLElement): Marker {
  return typeof Highlight === "function" && "highlights" in CSS ? byHighlights() : byBoxes(root);
}

function byHighlights(): Marker {
  return {
    mark(name, ranges) {
      if (ranges.length === 0) CSS.highlights.delete(`transcript-${name}`);
      else CSS.highlights.set(`transcript-${name}`, new Highlight(...ranges));
    },
    clear() {
      for (const name of ["spoken", "found", "found-now"]) CSS.highlights.delete(`transcript-${name}`);
    },
  };
}

/** Mark words with boxes behind the text, which are placed in `root`. */
function byBoxes(root: HTMLElement): Marker {
  const layer = document.createElement("div");
  layer.className = "mark-layer";
  layer.setAttribute("aria-hidden", "true");
  root.prepend(layer);
  const MOST_BOXES = 200;
  return {
    mark(name, ranges) {
      const origin = root.getBoundingClientRect();
      const boxes = ranges.slice(0, MOST_BOXES).flatMap((range) =>
        [...range.getClientRects()].map((rect) => {
          const box = document.createElement("span");
          box.className = "mark-box";
          box.dataset["mark"] = name;
          box.style.left = `${rect.left - origin.left}px`;
          box.style.top = `${rect.top - origin.top}px`;
          box.style.width = `${rect.width}px`;
          box.style.height = `${rect.height}px`;
          return box;
        }),
      );
      for (const old of layer.querySelectorAll(`[data-mark="${name}"]`)) old.remove();
      layer.append(...boxes);
    },
    clear: () => layer.replaceChildren(),
  };
}
