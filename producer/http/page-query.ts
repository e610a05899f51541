import * as z from "zod";

import { boundedText } from "../../shared/input/bounded-text.ts";
import { decodeCursor } from "./cursor.ts";

/** Far longer than any cursor that the API gives out. */
const MAX_CURSOR_CHARS = 500;

export const Cursor = boundedText({ max: MAX_CURSOR_CHARS }).transform((cursor, context) => {
  const position = decodeCursor(cursor);
  if (position !== null) return position;
  context.addIssue({ code: "custom", message: "not a cursor of this list; send nextCursor of the previous page" });
  return z.NEVER;
});
export const Limit = z.coerce.number().int().min(1).max(100).default(20);

/** The query of a call that takes no parameters. */
export const NoQuery = z.strictObject({});

export const PageQuery = z.strictObject({ cursor: Cursor.optional(), limit: Limit });
