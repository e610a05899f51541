import { type Check, Failure, pass, skip } from "../check.ts";
import { callsOf } from "../job-figures.ts";

/** Closing: whether the calls that can go through AI Gateway did. */
export const gateway: Check = {
  name: "gateway",
  async run({ seen }) {
    // FLUX.2 takes a form, whose body no gateway passes on.
    const calls = [...seen.jobs.values()].flatMap(callsOf).filter(({ model }) => !model.includes("flux-2"));
    const logged = calls.filter(({ gatewayLogId }) => gatewayLogId !== undefined);
    if (calls.length === 0) return skip("No check asked a model that takes a gateway.", "Run more checks.");
    if (logged.length === 0) {
      return skip(
        "No call has the id of a gateway's log, because AI_GATEWAY_ID is not set.",
        "docs/cost.md, AI Gateway.",
      );
    }
    if (logged.length < calls.length) {
      const missing = new Set(calls.filter((call) => !logged.includes(call)).map(({ model }) => model));
      const means = `${logged.length} of ${calls.length} calls have the id of a gateway's log; ${[...missing].join(", ")} went past it.`;
      throw new Failure(means, "Look at the gateway's log in the dashboard, under AI, AI Gateway.");
    }
    return pass(`All ${calls.length} calls went through the gateway.`);
  },
};
