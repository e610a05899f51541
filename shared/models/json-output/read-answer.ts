// Finds the JSON in a model's answer. Small models put it between fences or sentences, and forget commas and brackets.
import { jsonrepair } from "jsonrepair";

import { readJson } from "../../input/read-json.ts";

export type ReadAnswer =
  | { readonly ok: true; readonly value: unknown; readonly isRepaired: boolean }
  /** `faults` are sentences for the model, or for people. `value` is the best JSON that was found, if any. */
  | { readonly ok: false; readonly faults: readonly string[] };

/** Four characters a token, and some room. */
const MAX_ANSWER_CHARS = 100_000;

/** How many pieces of an answer are tried. */
const MAX_PIECES = 8;

const CUT = "the answer reached its limit of tokens before the JSON ended; write less";

/**
 * Find the first JSON in an answer that fits: unchanged if possible, otherwise repaired. Text that was cut off is not repaired, because
 * what is missing is not known.
 * @param isCut whether the model stopped because it wrote as much as it may.
 * @param faultsOf what is wrong with a value; nothing if it fits.
 */
export function readAnswer(
  { text, isCut }: { readonly text: string; readonly isCut: boolean },
  faultsOf: (value: unknown) => readonly string[],
): ReadAnswer {
  if (text.length > MAX_ANSWER_CHARS) return refused(`the answer has ${text.length} characters`);
  const pieces = piecesOf(text.trim());
  let faults: readonly string[] | null = null;
  for (const isRepaired of [false, true]) {
    for (const piece of pieces) {
      if (isRepaired && isCut && endsOpen(piece)) {
        faults ??= [CUT];
        continue;
      }
      const read = readJson(isRepaired ? repaired(piece) : piece);
      if (!read.ok) continue;
      const found = faultsOf(read.value);
      if (found.length === 0) return { ok: true, value: read.value, isRepaired };
      faults ??= found;
    }
  }
  return { ok: false, faults: faults ?? ["the answer is not JSON"] };
}

function refused(fault: string): ReadAnswer {
  return { ok: false, faults: [fault] };
}

/** Return what may be the JSON: the whole answer, the text between fences, and the text between brackets. */
function piecesOf(text: string): readonly string[] {
  const fenced = [...text.matchAll(/```[\w-]*[^\S\n]*\n(.*?)(?:```|$)/gs)].map(([, inside = ""]) => inside.trim());
  const bracketed = bracketedIn(text);
  const isBare = /^[{["\d-]|^(?:true|false|null)$/.test(text) && !text.startsWith("```");
  const all = [...(isBare ? [text] : []), ...fenced, ...bracketed];
  return [...new Set(all)].filter((piece) => piece !== "").slice(0, MAX_PIECES);
}

/** Return the texts from an opening bracket to the one that closes it, or to the end. */
function bracketedIn(text: string): readonly string[] {
  const found: string[] = [];
  let from = text.search(/[{[]/);
  while (from !== -1 && found.length < MAX_PIECES) {
    const end = endOf(text, from);
    found.push(text.slice(from, end ?? text.length));
    if (end === null) break;
    const next = text.slice(end).search(/[{[]/);
    from = next === -1 ? -1 : end + next;
  }
  return found;
}

/** Return where the bracket at this place is closed; null if it is not. */
function endOf(text: string, from: number): number | null {
  let depth = 0;
  let isInString = false;
  for (let at = from; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') isInString = !isInString;
    else if (isInString) at += char === "\\" ? 1 : 0;
    else if (char === "{" || char === "[") depth += 1;
    else if (char === "}" || char === "]") depth -= 1;
    if (depth === 0 && !isInString) return at + 1;
  }
  return null;
}

function endsOpen(piece: string): boolean {
  const from = piece.search(/[{[]/);
  return from === -1 || endOf(piece, from) === null;
}

/** Return text that is not JSON unchanged if it cannot be repaired. Brackets that nest too deep stay as they are. */
function repaired(piece: string): string {
  const read = readJson(piece);
  if (!read.ok && read.isJson) return piece;
  try {
    return jsonrepair(piece);
  } catch {
    return piece;
  }
}
