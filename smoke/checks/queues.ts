import { type Check, Failure, pass } from "../check.ts";

/** Whether the platform reports the queues' backlogs, and nothing is held or paused. */
export const queues: Check = {
  name: "queues",
  async run({ client }) {
    const load = await client.queues.get();
    if (load.hold !== null) {
      const means = `The platform refuses the account until ${load.hold.until} (${load.hold.code}), so no model is asked.`;
      throw new Failure(means, "Wait until then, or see docs/operations.md, The daily allocation is used up.");
    }
    const paused = load.kinds.find((kind) => kind.paused !== null);
    if (paused !== undefined) {
      throw new Failure(
        `Jobs of kind ${paused.kind} are paused.`,
        `Send POST /v1/queues/${paused.kind}/resume, then run this again.`,
      );
    }
    const silent = (load.queues ?? []).filter(({ reason }) => reason !== null);
    if (load.queues === null || silent.length > 0) {
      const names = silent.map(({ name }) => name).join(", ") || "every queue";
      const todo =
        "Check that the queue exists: npx wrangler queues list. Only the figures and ops.queue_growing need this.";
      throw new Failure(`The platform gives no figures for ${names}.`, todo);
    }
    const told = load.queues.map(({ name, backlogMessages }) => `${name} ${backlogMessages}`).join(", ");
    if (load.unreadableMessages > 0) {
      const means = `No consumer could read ${load.unreadableMessages} messages.`;
      throw new Failure(means, "See docs/operations.md, A poison message.");
    }
    return pass(`The platform reports the messages of each queue: ${told}. Nothing is held or paused.`);
  },
};
