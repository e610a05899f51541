import { prebuilt, SCRIPTED } from "./prebuilt.ts";

/** The Worker behind `AI` that does what its input says, for a test harness. */
export const SCRIPTED_MODELS = {
  config: {
    name: "darkroom-local-ai",
    ...prebuilt(SCRIPTED),
    compatibility_date: "2026-11-01",
    compatibility_flags: ["enable_abortsignal_rpc"],
    // The platform alone writes to this queue; a test stands in for its hundredth redelivery.
    queues: { producers: [{ binding: "DEAD_LETTERS", queue: "media-dead-letters" }] },
  },
};
