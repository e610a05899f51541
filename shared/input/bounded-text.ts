import * as z from "zod";

import { countChars, refuseString } from "./characters.ts";

/**
 * Text without control characters (Cc of Unicode). It is written with ranges of `\x`, because the OpenAPI document shows a pattern without
 * its flags: a client's engine reads `\p{Cc}` as other characters, or refuses it.
 */
// oxlint-disable-next-line no-control-regex
export const NO_CONTROLS = /^[^\x00-\x1f\x7f-\x9f]*$/;

interface TextLimits {
  /** The limit in characters. Every string from outside has one. */
  readonly max: number;
  /** 1 if the text must not be empty. */
  readonly min?: 0 | 1;
  /** Spaces around it are removed before anything is counted. */
  readonly trim?: boolean;
  /** A pattern that the text must match, and the message if it does not. */
  readonly pattern?: readonly [RegExp, string];
  /** The message if the text is empty and must not be. */
  readonly empty?: string;
}

/**
 * A string from outside. Every schema of a request uses this and not `z.string()`: it refuses strings that are not text, with
 * the same reason everywhere, and it counts characters as the limits and the OpenAPI document define them.
 */
export function boundedText({
  max,
  min = 0,
  trim = false,
  pattern,
  empty = "is empty",
}: TextLimits): z.ZodType<string, string> {
  const wellFormed = (trim ? z.string().trim() : z.string()).check((context) => {
    const message = refuseString(context.value);
    if (message !== null) context.issues.push({ code: "custom", input: context.value, message, continue: false });
  });
  const counted = wellFormed
    .refine((value) => value.length >= min, { error: empty, abort: true })
    .refine((value) => value.length <= max || countChars(value) <= max, {
      error: ({ input }) => `has ${countChars(String(input))} characters; the limit is ${max}`,
      abort: true,
    })
    .meta({ ...(min > 0 && { minLength: min }), maxLength: max });
  return pattern === undefined ? counted : counted.regex(...pattern);
}

/** Any JSON from outside that is kept or passed on as it is. Every string in it must be text, however deep. */
export const AnyJson = z.unknown().superRefine(refuseStrings);

/** An object of any JSON. */
export const AnyObject = z.record(z.string(), z.unknown()).superRefine(refuseStrings);

function refuseStrings(value: unknown, context: z.RefinementCtx): void {
  const found = findNoText(value);
  if (found !== null) context.addIssue({ code: "custom", path: [...found.path], message: found.message });
}

type Path = readonly (string | number)[];

/** Find the first string that is not text. The reader of JSON has limited the depth and the number of strings. */
export function findNoText(value: unknown, path: Path = []): { readonly path: Path; readonly message: string } | null {
  if (typeof value === "string") {
    const message = refuseString(value);
    return message === null ? null : { path, message };
  }
  if (typeof value !== "object" || value === null) return null;
  const isList = Array.isArray(value);
  for (const [name, inner] of Object.entries(value)) {
    const refusal = isList ? null : refuseString(name);
    if (refusal !== null) return { path, message: `a key ${refusal}` };
    const found = findNoText(inner, [...path, isList ? Number(name) : name]);
    if (found !== null) return found;
  }
  return null;
}
