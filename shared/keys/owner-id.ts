import { boundedText } from "../input/bounded-text.ts";

export const OWNER_ID = /^[A-Za-z0-9_.:@-]{1,100}$/;

export const OwnerId = boundedText({
  max: 100,
  pattern: [OWNER_ID, "up to 100 letters, digits and _ . : @ -"],
});

/** Stands for the whole account in the place of an owner's id. */
export const ACCOUNT = "account";
