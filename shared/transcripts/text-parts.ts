/**
 * Lines in parts of at most so many characters, in order. A part ends where a line does; a line longer than a part is
 * broken at a space, or where it has none in the middle.
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

/** Of a character that takes two units: half of it is not text. */
function isFirstHalf(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function breakLine(line: string, maxChars: number): readonly string[] {
  const pieces: string[] = [];
  let rest = line;
  while (rest.length > maxChars) {
    const space = rest.lastIndexOf(" ", maxChars);
    const end = space > 0 ? space : maxChars - (isFirstHalf(rest.charCodeAt(maxChars - 1)) ? 1 : 0);
    pieces.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return rest === "" ? pieces : [...pieces, rest];
}
