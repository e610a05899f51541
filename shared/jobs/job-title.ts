import { clip } from "../input/characters.ts";

const MAX_TITLE_CHARS = 120;

/** Return what a job is about, in a line: its file's name, or the beginning of its prompt or text. */
export function titleOf(input: {
  readonly prompt?: string;
  readonly text?: string;
  readonly source?: { key: string };
}) {
  const said = input.prompt ?? input.text ?? input.source?.key.split("/").at(-1) ?? "";
  const line = clip(said, 4 * MAX_TITLE_CHARS)
    .replaceAll(/\s+/g, " ")
    .trim();
  const shown = clip(line, MAX_TITLE_CHARS);
  // Not cut in the middle of a word, if words have a usual length.
  return shown === line ? line : `${shown.replace(/ \S{0,20}$/, "")}…`;
}
