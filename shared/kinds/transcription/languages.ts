import { currentLanguage } from "../../input/current-language.ts";

/**
 * The codes of Whisper's languages (openai/whisper, whisper/tokenizer.py, LANGUAGES, read 2026-11-29). Two differ from today's
 * codes: `jw` is Javanese, and `no` is Bokmål, besides `nn`. large-v3 added `yue`.
 */
export const WHISPER_LANGUAGES: ReadonlySet<string> = new Set(
  `en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur hr bg lt la mi ml cy sk te
  fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk
  nn mt sa lb my bo tl mg as tt haw ln ha ba jw su yue`.split(/\s+/),
);

/** Today's codes for which Whisper has others. */
const OWN_CODES: Readonly<Record<string, string>> = { jv: "jw", nb: "no", fil: "tl" };

const NEAREST = 3;

/**
 * Return Whisper's code for a language tag (BCP 47: `pt-BR`, `zh-Hant`, `EN`, `eng`). A text that is not a tag, or names a language that
 * Whisper does not know, is returned unchanged.
 */
export function foldLanguage(tag: string): string {
  const language = languageOf(tag);
  const code = language === null ? null : (OWN_CODES[language] ?? language);
  return code !== null && WHISPER_LANGUAGES.has(code) ? code : tag;
}

/** Return the message for an unknown language. It names similar ones. */
export function unknownLanguage(tag: string): string {
  const near = nearTo(tag);
  const named = near.map((code) => `'${code}' (${nameOf(code)})`).join(", ");
  const meant = near.length === 0 ? "" : ` Similar: ${named}.`;
  return `Whisper does not know the language '${tag}'.${meant} Give an ISO 639 code such as 'en' or a tag such as 'pt-BR', or leave it out, so that the model detects the language`;
}

/** Return the primary language of a tag by its current code, or null for a text that is not a tag. */
function languageOf(tag: string): string | null {
  // `zh-yue` is an older form of `yue`, which Intl does not take.
  const extended = tag.replaceAll("_", "-").replace(/^[a-z]{2,3}-(?=[a-z]{3}(?:-|$))/iu, "");
  return currentLanguage(extended);
}

const names = new Intl.DisplayNames(["en"], { type: "language" });

function nameOf(code: string): string {
  return names.of(code === "jw" ? "jv" : code) ?? code;
}

/** People often give the code of a country (`jp`) or the name of a language. Other similar codes differ by one letter. */
function nearTo(tag: string): readonly string[] {
  const given = tag.toLowerCase().trim();
  const near = new Set<string>();
  const add = (code: string) => {
    const folded = foldLanguage(code);
    if (WHISPER_LANGUAGES.has(folded)) near.add(folded);
  };
  if (/^[a-z]{2}$/u.test(given)) add(new Intl.Locale(`und-${given}`).maximize().language);
  const byName = [...WHISPER_LANGUAGES].map((code) => ({ code, apart: distance(given, nameOf(code).toLowerCase()) }));
  for (const { code, apart } of byName.toSorted((a, b) => a.apart - b.apart)) {
    if (given.length >= 4 && apart <= Math.max(1, given.length / 4)) near.add(code);
  }
  const [primary = ""] = given.split(/[-_]/u);
  for (const code of WHISPER_LANGUAGES) if (primary.length <= 3 && distance(primary, code) === 1) near.add(code);
  return [...near].slice(0, NEAREST);
}

/** Return the edit distance (Levenshtein) of two short texts. */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (const [at, letter] of Array.from(left).entries()) {
    const next = [at + 1];
    for (const [index, other] of Array.from(right).entries()) {
      const replaced = (row[index] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
