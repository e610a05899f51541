import { type Check, Failure, pass, skip } from "../check.ts";
import { callsOf } from "../job-figures.ts";

/** Closing check: which models answered, in which shapes, and whether another model stood in for the intended one. */
export const answers: Check = {
  name: "answers",
  async run({ seen }) {
    const jobs = [...seen.jobs.values()];
    const shapes = new Map<string, Set<string>>();
    const note = (model: string, shape: string) => shapes.set(model, (shapes.get(model) ?? new Set()).add(shape));
    let isPriced = true;
    for (const { model, shape, isEstimated } of jobs.flatMap(callsOf)) {
      note(model, shape ?? "");
      isPriced &&= !isEstimated;
    }
    for (const { model, usage } of seen.answers) note(model, `stream of ${usage.shape ?? ""}`);

    if (shapes.size === 0) return skip("No model answered.", "Look at the other checks.");
    const completed = jobs.filter(({ state }) => state === "completed");
    const wanted = new Set(completed.flatMap(({ estimate }) => estimate?.lines.map(({ model }) => model) ?? []));
    const silent = [...wanted].filter((model) => !shapes.has(model));
    if (silent.length > 0) {
      const means = `Other models answered in place of ${silent.join(", ")}.`;
      throw new Failure(
        means,
        "MODEL_FALLBACKS names these stand-ins. The event model.unusable in npx wrangler tail says why they were needed.",
      );
    }
    const blank = [...shapes].filter(([, seenShapes]) =>
      [...seenShapes].some((shape) => shape === "" || shape.endsWith("of ")),
    );
    if (blank.length > 0) {
      const names = blank.map(([model]) => model).join(", ");
      throw new Failure(`The API does not say in which shape ${names} answered.`, "Deploy this version first.");
    }
    const told = [...shapes].map(([model, seenShapes]) => `${model}: ${[...seenShapes].join(" or ")}`).toSorted();
    const priced = isPriced ? "each said what it cost" : "some did not say what they cost";
    return pass([`${shapes.size} models answered, and ${priced}.`, ...told].join("\n"));
  },
};
