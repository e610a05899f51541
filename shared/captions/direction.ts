/** Letters that are read from right to left, as far as anything is transcribed in them. */
const RTL_LETTER =
  /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;

const RTL_LANGUAGES: ReadonlySet<string> = new Set(["ar", "fa", "he", "ps", "sd", "ur", "yi"]);

/**
 * Whether a text is read from right to left: one in a language that is and that has a letter of it, else one that begins with
 * such a letter, as UAX #9 has it.
 */
export function isRightToLeft(text: string, language: string | null): boolean {
  if (!RTL_LETTER.test(text)) return false;
  if (language !== null && RTL_LANGUAGES.has(language)) return true;
  return RTL_LETTER.test(/\p{L}/u.exec(text)?.[0] ?? "");
}
