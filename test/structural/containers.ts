import { IS_LONG } from "../long.ts";
import { GENERATORS } from "./generators.ts";
import { neverEnds } from "./never-ends.ts";
import { reportedGenerator } from "./reported.ts";
import { AS_IT_SHOULD_BE, type StructuralCase, systematic } from "./shape.ts";

/** The sample of `npm test`: one in this many of the numbers that are set wrong one at a time, and of the forms of elements. */
const SIMPLE_EVERY = 16;
/** The same for quantities, nesting and joined files. Every case that was ever a fault is among the reported cases. */
const SPECIAL_EVERY = 4;

/** The cases, always in the same order, so that a number identifies a case. */
export function casesOf(container: string, quantityBytes: number): readonly StructuralCase[] {
  const generator = [...GENERATORS, neverEnds, reportedGenerator].find((one) => one.container === container);
  if (generator === undefined) throw new Error(`There is no generator for '${container}'.`);
  const simple = [...systematic(generator), ...(generator.forms?.() ?? [])].filter(
    ({ name }, index) => IS_LONG || index % SIMPLE_EVERY === 0 || name.endsWith(AS_IT_SHOULD_BE),
  );
  const isWhole = IS_LONG || generator.skeletons.length === 0;
  return [...simple, ...generator.special(quantityBytes).filter((_, index) => isWhole || index % SPECIAL_EVERY === 0)];
}
