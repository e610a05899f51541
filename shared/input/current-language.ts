/** Return the primary language of a BCP 47 tag by its current code (`de` for `ger` and `de-AT`), or null for a text that is not a tag. */
export function currentLanguage(tag: string): string | null {
  try {
    return new Intl.Locale(tag).language;
  } catch {
    return null;
  }
}
