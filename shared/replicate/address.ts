import { countChars } from "../input/characters.ts";
import { boundedText } from "../input/bounded-text.ts";
import { MAX_ADDRESS_CHARS } from "../limits.ts";

/** The SDK puts up to 10 MB of files into data: URIs, which are a third longer. */
export const MAX_PREDICTION_BYTES = 15_000_000;

/** The address of a file in an input. */
export const FileAddress = boundedText({ max: MAX_PREDICTION_BYTES, min: 1 }).refine(
  (uri) => uri.startsWith("data:") || countChars(uri) <= MAX_ADDRESS_CHARS,
  `an address that is not a data: URI may have at most ${MAX_ADDRESS_CHARS} characters`,
);
