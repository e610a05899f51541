import { boundedText } from "../../shared/input/bounded-text.ts";

export const OwnerId = boundedText({
  max: 100,
  pattern: [/^[\w.:@-]{1,100}$/, "up to 100 letters, digits and _ . : @ -"],
});

/** What the whole account is called where an owner could be. */
export const ACCOUNT = "account";
