import { type Check, described, pass } from "../check.ts";
import { callsOf, seconds, sentenceOf } from "../job-figures.ts";
import { readPicture } from "../results.ts";

/** At the usual size, so that the time for the usual number of steps can be calculated. */
const STEPS = 2;
const USUAL_STEPS = 12;
const work = described({
  kind: "image_generation",
  prompt: "a harbour at dawn",
  options: { model: "flux-2-dev", width: 1024, height: 768, steps: STEPS },
});

/** Measures how long flux-2-dev takes for a step: it is reported to time out (408) with many steps. */
export const steps: Check = {
  name: "flux-2-dev-steps",
  work: [work],
  async run(smoke) {
    const job = await smoke.complete(work);
    const drawn = await readPicture(smoke, job);
    const [call] = callsOf(job);
    const modelMs = call?.durationMs ?? 0;
    const usual = `${USUAL_STEPS} steps, the default, would take ${seconds((modelMs / STEPS) * USUAL_STEPS)} at most`;
    return pass(`${seconds(modelMs / STEPS)} a step; ${usual}. ${drawn}. ${sentenceOf(job, callsOf(job))}`);
  },
};
