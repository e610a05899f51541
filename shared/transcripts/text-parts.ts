import { hasUnspaced, wordStarts } from "./scripts.ts";

/**
 * Divide lines into parts of at most `maxChars` characters, in order. A part ends at the end of a line. A line longer than a part is
 * broken at a space; if it has no space, at the end of a sentence or between words; otherwise in the middle.
 */
export function textParts(lines: readonly string[], maxChars: number): readonly string[] {
  const parts: string[] = [];
  for (const line of lines.flatMap((each) => breakLine(each, maxChars))) {
    const last = parts.at(-1);
    if (last === undefined || last.length + 1 + line.length > maxChars) parts.push(line);
    else parts[parts.length - 1] = `${last}\n${line}`;
  }
  return parts;
}

/** Return where to cut a text without spaces: after its last sentence, otherwise before its last word. */
function lastWordStart(text: string): number {
  if (!hasUnspaced(text)) return text.length;
  const sentence = Math.max(...["。", "！", "？", "။", "។"].map((mark) => text.lastIndexOf(mark) + 1));
  return sentence > 0 ? sentence : (wordStarts(text).at(-1) ?? 0) || text.length;
}

/** Return whether this is the first half of a character of two UTF-16 units, which must not be divided. */
function isFirstHalf(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function breakLine(line: string, maxChars: number): readonly string[] {
  const pieces: string[] = [];
  let rest = line;
  while (rest.length > maxChars) {
    const space = rest.lastIndexOf(" ", maxChars);
    const end =
      space > 0 ? space : lastWordStart(rest.slice(0, maxChars - (isFirstHalf(rest.charCodeAt(maxChars - 1)) ? 1 : 0)));
    pieces.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return rest === "" ? pieces : [...pieces, rest];
}
