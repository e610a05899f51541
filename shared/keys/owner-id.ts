import { boundedText } from "../input/bounded-text.ts";

export const OwnerId = boundedText({
  max: 100,
  pattern: [/^[A-Za-z0-9_.:@-]{1,100}$/, "up to 100 letters, digits and _ . : @ -"],
});

/** Stands for the whole account in the place of an owner's id. */
export const ACCOUNT = "account";
