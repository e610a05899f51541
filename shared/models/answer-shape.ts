/** Levels of nesting: the deepest field that is read is `segments[].words[].start`. */
const MAX_DEPTH = 4;
const MAX_CHARS = 160;

/**
 * Return the shape of an answer, without its content: `{choices:[{message:{content}}],usage:{total_tokens}}`. A list is shown
 * by its first entry. The shape is kept with every call, so it is cut after 160 characters.
 */
export function shapeOf(answer: unknown): string {
  const shape = outline(answer, MAX_DEPTH) || typeof answer;
  return shape.length <= MAX_CHARS ? shape : `${shape.slice(0, MAX_CHARS - 1)}…`;
}

/** Empty for a value without fields. */
function outline(value: unknown, depth: number): string {
  if (Array.isArray(value)) return depth === 0 ? "[]" : `[${outline(value[0], depth)}]`;
  if (value === null || typeof value !== "object") return "";
  if (depth === 0) return "{}";
  const fields = Object.entries(value).map(([name, inner]) => {
    const nested = outline(inner, depth - 1);
    return nested === "" ? name : `${name}:${nested}`;
  });
  return `{${fields.join()}}`;
}
