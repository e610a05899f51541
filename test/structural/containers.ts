import { GENERATORS } from "./generators.ts";
import { neverEnds } from "./never-ends.ts";
import { reportedGenerator } from "./reported.ts";
import { type StructuralCase, systematic } from "./shape.ts";

/** In the same order every time, so that a number names a case. */
export function casesOf(container: string, quantityBytes: number): readonly StructuralCase[] {
  const generator = [...GENERATORS, neverEnds, reportedGenerator].find((one) => one.container === container);
  if (generator === undefined) throw new Error(`There is no generator for '${container}'.`);
  return [...systematic(generator), ...(generator.forms?.() ?? []), ...generator.special(quantityBytes)];
}
