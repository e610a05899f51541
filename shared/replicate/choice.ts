import * as z from "zod";

import { clip } from "../input/characters.ts";

/** The value in a message is for recognition only. */
const MAX_SHOWN_CHARS = 40;

/** One of several values. The message names the value that is not one of them. */
export function choice<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, {
    error: ({ input }) =>
      `${clip(JSON.stringify(input) ?? "nothing", MAX_SHOWN_CHARS)} is not offered; send one of ${values.map((value) => `'${value}'`).join(", ")}`,
  });
}
