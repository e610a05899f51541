// Facts about scripts: which have spaces between words, and which marks end a sentence.

// Han and kana, with their full-width marks.
const IDEOGRAPHIC = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303F\u30FC\uFF00-\uFFEF]/u;

// The same with Thai, Lao, Khmer, Burmese and Tibetan. Korean has spaces.
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}\u3000-\u303F\u30FC\uFF00-\uFFEF]/u;

/** Whether a character belongs to a script that is written without spaces. */
export function isUnspaced(char: string): boolean {
  return UNSPACED.test(char);
}

/** Whether a text has a character of a script that is written without spaces. */
export function hasUnspaced(text: string): boolean {
  return UNSPACED.test(text);
}

/** Whether a character is Han or kana. These have no space next to words of another script either (私はAIが好き). */
export function isIdeographic(char: string): boolean {
  return IDEOGRAPHIC.test(char);
}

/** Whether most letters of a text are Han or kana. */
export function isMostlyIdeographic(text: string): boolean {
  let ideographs = 0;
  let letters = 0;
  for (const [letter] of text.matchAll(/\p{L}/gu)) {
    letters += 1;
    if (IDEOGRAPHIC.test(letter)) ideographs += 1;
  }
  return ideographs * 2 > letters;
}

// Brackets and quotes may follow the mark. The closing quote of German is the opening quote of English.
const CLOSING = String.raw`["'“‘\p{Pe}\p{Pf}]*$`;

// Unicode's Sentence_Terminal (PropList.txt, version 16) for living scripts: Latin and CJK, Armenian, Arabic and Urdu, Syriac,
// N'Ko, Indic, Sinhala, Tibetan, Burmese, Ethiopic, Khmer, Mongolian, Balinese, Javanese, Meetei. JavaScript has no
// \p{Sentence_Terminal}. Thai and Lao have no such mark.
const SENTENCE_END = new RegExp(
  String.raw`[.!?…‼⁇⁈⁉⸮。．！？｡﹒﹖﹗\u037E\u0589؟۔؝\u0700-\u0702߹।॥෴།༎။።፧፨។៕᠃᠉᭚᭛꧈꧉꯫]${CLOSING}`,
  "u",
);
const CLAUSE_END = new RegExp(String.raw`[,;:–—、，；：､،؛՝၊፣፤፥៖᠂]${CLOSING}`, "u");

/** Whether a sentence ends with this text. */
export function endsSentence(text: string): boolean {
  return SENTENCE_END.test(text);
}

/** Whether a part of a sentence ends with this text. */
export function endsClause(text: string): boolean {
  return CLAUSE_END.test(text);
}

const words = new Intl.Segmenter("und", { granularity: "word" });

/** Return the index at which each word of a text begins. */
export function wordStarts(text: string): readonly number[] {
  return Array.from(words.segment(text)).flatMap(({ index, isWordLike }) => (isWordLike === true ? [index] : []));
}

/** Return the words of a text without white space and marks. A dictionary finds the words of scripts without spaces. */
export function wordsIn(text: string): readonly string[] {
  return Array.from(words.segment(text)).flatMap(({ segment, isWordLike }) => (isWordLike === true ? [segment] : []));
}
