// The languages as Replicate's page of whisper lists them: codes, and the English names of Whisper's tokenizer with its aliases
// (openai/whisper, whisper/tokenizer.py, LANGUAGES and TO_LANGUAGE_CODE, read 2026-11-30).

const NAMES =
  `en english zh chinese de german es spanish ru russian ko korean fr french ja japanese pt portuguese tr turkish
  pl polish ca catalan nl dutch ar arabic sv swedish it italian id indonesian hi hindi fi finnish vi vietnamese he hebrew
  uk ukrainian el greek ms malay cs czech ro romanian da danish hu hungarian ta tamil no norwegian th thai ur urdu hr croatian
  bg bulgarian lt lithuanian la latin mi maori ml malayalam cy welsh sk slovak te telugu fa persian lv latvian bn bengali
  sr serbian az azerbaijani sl slovenian kn kannada et estonian mk macedonian br breton eu basque is icelandic hy armenian
  ne nepali mn mongolian bs bosnian kk kazakh sq albanian sw swahili gl galician mr marathi pa punjabi si sinhala km khmer
  sn shona yo yoruba so somali af afrikaans oc occitan ka georgian be belarusian tg tajik sd sindhi gu gujarati am amharic
  yi yiddish lo lao uz uzbek fo faroese ht haitian_creole ps pashto tk turkmen nn nynorsk mt maltese sa sanskrit
  lb luxembourgish my myanmar bo tibetan tl tagalog mg malagasy as assamese tt tatar haw hawaiian ln lingala ha hausa
  ba bashkir jw javanese su sundanese yue cantonese
  my burmese ca valencian nl flemish ht haitian lb letzeburgesch ps pushto pa panjabi ro moldavian ro moldovan si sinhalese
  es castilian zh mandarin`.split(/\s+/);

const CODES: ReadonlyMap<string, string> = new Map(
  NAMES.flatMap((name, index): [string, string][] =>
    index % 2 === 1 ? [[name.replaceAll("_", " "), NAMES[index - 1] ?? ""]] : [],
  ),
);

/** Return the code of a language that is given by its English name, in any case; any other text unchanged. */
export function languageCode(language: string): string {
  return CODES.get(language.toLowerCase()) ?? language;
}
