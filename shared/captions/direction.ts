/** Letters of the right-to-left scripts in use today. */
const RTL_LETTER =
  /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;

const RTL_LANGUAGES: ReadonlySet<string> = new Set(["ar", "fa", "he", "ps", "sd", "ur", "yi"]);

/**
 * Whether a text is read from right to left. In a right-to-left language, one such letter is enough. In another language, or if
 * it is not known, the first letter decides, as in UAX #9.
 */
export function isRightToLeft(text: string, language: string | null): boolean {
  if (!RTL_LETTER.test(text)) return false;
  if (language !== null && RTL_LANGUAGES.has(language)) return true;
  return RTL_LETTER.test(/\p{L}/u.exec(text)?.[0] ?? "");
}
