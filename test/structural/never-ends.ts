import { caseOf, type Generator } from "./shape.ts";

/** Represents a parser that never returns, because its source does not. The cases before and after it are refused at once. */
export const neverEnds: Generator = {
  container: "never ends",
  skeletons: [],
  special: () => [
    caseOf("before", new Uint8Array(9)),
    {
      name: "reads for ever",
      source: () => ({
        sizeBytes: 9,
        // eslint-disable-next-line typescript/require-await
        async read() {
          for (;;);
        },
      }),
    },
    caseOf("after", new Uint8Array(9)),
  ],
};
