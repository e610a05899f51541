import { d1Index } from "./d1-index.ts";
import type { PassageIndex } from "./passage.ts";
import { vectorizeIndex } from "./vectorize-index.ts";

/** Return the index of passages. Vectors are in Vectorize if it is bound, otherwise in D1. Vectorize has no local simulator. */
export function passageIndexOf({ DB, PASSAGES }: Pick<Env, "DB" | "PASSAGES">): PassageIndex {
  // `wrangler types` names the class of the beta, but the binding has the current one.
  return PASSAGES === undefined ? d1Index(DB) : vectorizeIndex(DB, PASSAGES as unknown as Vectorize);
}
