import { d1Index } from "./d1-index.ts";
import type { PassageIndex } from "./passage.ts";
import { vectorizeIndex } from "./vectorize-index.ts";

/** Vectors are in Vectorize where there is one: it has no simulator, so locally they are in D1. */
export function passageIndexOf({ DB, PASSAGES }: Pick<Env, "DB" | "PASSAGES">): PassageIndex {
  // `wrangler types` names the beta's class; what is bound is the present one.
  return PASSAGES === undefined ? d1Index(DB) : vectorizeIndex(DB, PASSAGES as unknown as Vectorize);
}
