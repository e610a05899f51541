import { type Check, described, Failure, pass, uploaded, type Work, type Smoke } from "../check.ts";
import { callsOf, sentenceOf } from "../job-figures.ts";
import { readPicture, readText } from "../results.ts";

const labelled = uploaded(({ picture: file }) => file, {
  name: "smoke.jpg",
  kind: "classification",
  options: { topK: 3 },
  then: ["describe"],
});

export const pictureLabels: Check = {
  name: "picture-labels",
  work: [labelled],
  async run(smoke) {
    const job = await smoke.complete(labelled);
    const [best] = job.labels;
    const caption = await readText(smoke, job, "description.txt");
    if (best === undefined || caption === "") {
      const missing = best === undefined ? "a label" : "a description";
      throw new Failure(
        `Job ${job.id} completed without ${missing}.`,
        "Look at the `shape` of its calls: the model answers in another shape.",
      );
    }
    return pass(
      `${best.label} (${best.score.toFixed(2)}), "${caption.slice(0, 60)}". ${sentenceOf(job, callsOf(job))}`,
    );
  },
};

/** Uses the model that takes JSON, in one step. */
const drawn = described({ kind: "image_generation", prompt: "a harbour at dawn", options: { steps: 1 } });
/** Uses a model that takes a form, whose body the binding sends unchanged. */
const drawnByForm = described({
  kind: "image_generation",
  prompt: "a harbour at dawn",
  options: { model: "flux-2-klein-4b", width: 512, height: 512 },
});

export const picture: Check = { name: "picture", work: [drawn], run: (smoke) => draw(smoke, drawn) };
export const pictureForm: Check = {
  name: "picture-form",
  work: [drawnByForm],
  run: (smoke) => draw(smoke, drawnByForm),
};

async function draw(smoke: Smoke, work: Work) {
  const job = await smoke.complete(work);
  return pass(`${await readPicture(smoke, job)}. ${sentenceOf(job, callsOf(job))}`);
}
