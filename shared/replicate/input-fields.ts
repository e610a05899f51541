import * as z from "zod";

import { boundedText } from "../input/bounded-text.ts";
import { countChars, clip } from "../input/characters.ts";
import { MAX_ADDRESS_CHARS } from "../limits.ts";

/** The SDK puts up to 10 MB of files into data: URIs, which are a third longer. */
export const MAX_PREDICTION_BYTES = 15_000_000;

/** The address of a file in an input. */
export const FileAddress = boundedText({ max: MAX_PREDICTION_BYTES, min: 1 }).refine(
  (uri) => uri.startsWith("data:") || countChars(uri) <= MAX_ADDRESS_CHARS,
  `an address that is not a data: URI may have at most ${MAX_ADDRESS_CHARS} characters`,
);

/** The value in a message is for recognition only. */
const MAX_SHOWN_CHARS = 40;

/** One of several values. The message names the value that is not one of them. */
export function choice<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, {
    error: ({ input }) =>
      `${clip(JSON.stringify(input) ?? "nothing", MAX_SHOWN_CHARS)} is not offered; send one of ${values.map((value) => `'${value}'`).join(", ")}`,
  });
}
