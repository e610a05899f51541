import { type Check, Failure, pass, skip } from "../check.ts";
import { callsOf } from "../job-figures.ts";

/** Closing check: whether all calls that can go through AI Gateway did. */
export const gateway: Check = {
  name: "gateway",
  async run({ seen }) {
    // FLUX.2 takes a form, and no gateway passes on the body of a form.
    const calls = [...seen.jobs.values()].flatMap(callsOf).filter(({ model }) => !model.includes("flux-2"));
    const logged = calls.filter(({ gatewayLogId }) => gatewayLogId !== undefined);
    if (calls.length === 0) return skip("No check asked a model that a gateway supports.", "Run more checks.");
    if (logged.length === 0) {
      return skip(
        "No call has the id of a gateway log, because AI_GATEWAY_ID is not set.",
        "See docs/cost.md, AI Gateway.",
      );
    }
    if (logged.length < calls.length) {
      const missing = new Set(calls.filter((call) => !logged.includes(call)).map(({ model }) => model));
      const means = `${logged.length} of ${calls.length} calls have the id of a gateway log; those of ${[...missing].join(", ")} bypassed the gateway.`;
      throw new Failure(means, "Look at the gateway's log in the dashboard, under AI, AI Gateway.");
    }
    return pass(`All ${calls.length} calls went through the gateway.`);
  },
};
