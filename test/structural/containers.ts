import { IS_LONG } from "../long.ts";
import { GENERATORS } from "./generators.ts";
import { neverEnds } from "./never-ends.ts";
import { reportedGenerator } from "./reported.ts";
import { AS_IT_SHOULD_BE, type StructuralCase, systematic } from "./shape.ts";

/** Of the numbers that are set wrong one at a time, and of the forms of elements, `npm test` takes one in so many. */
const SAMPLED_EVERY = 16;

/** In the same order every time, so that a number names a case. */
export function casesOf(container: string, quantityBytes: number): readonly StructuralCase[] {
  const generator = [...GENERATORS, neverEnds, reportedGenerator].find((one) => one.container === container);
  if (generator === undefined) throw new Error(`There is no generator for '${container}'.`);
  const simple = [...systematic(generator), ...(generator.forms?.() ?? [])].filter(
    ({ name }, index) => IS_LONG || index % SAMPLED_EVERY === 0 || name.endsWith(AS_IT_SHOULD_BE),
  );
  return [...simple, ...generator.special(quantityBytes)];
}
