import { IS_LONG } from "../long.ts";
import { GENERATORS } from "./generators.ts";
import { neverEnds } from "./never-ends.ts";
import { reportedGenerator } from "./reported.ts";
import { AS_IT_SHOULD_BE, type StructuralCase, systematic } from "./shape.ts";

/** What `npm test` takes: of the numbers that are set wrong one at a time, and of the forms of elements, one in so many. */
const SIMPLE_EVERY = 16;
/** Of what is there in quantity, nested or joined. Every one that was ever a fault is among the reported cases. */
const SPECIAL_EVERY = 4;

/** In the same order every time, so that a number names a case. */
export function casesOf(container: string, quantityBytes: number): readonly StructuralCase[] {
  const generator = [...GENERATORS, neverEnds, reportedGenerator].find((one) => one.container === container);
  if (generator === undefined) throw new Error(`There is no generator for '${container}'.`);
  const simple = [...systematic(generator), ...(generator.forms?.() ?? [])].filter(
    ({ name }, index) => IS_LONG || index % SIMPLE_EVERY === 0 || name.endsWith(AS_IT_SHOULD_BE),
  );
  const isWhole = IS_LONG || generator.skeletons.length === 0;
  return [...simple, ...generator.special(quantityBytes).filter((_, index) => isWhole || index % SPECIAL_EVERY === 0)];
}
