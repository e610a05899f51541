import { createTestHarness } from "wrangler";

export type AiHarness = ReturnType<typeof createTestHarness>;

/** A Worker that calls the AI binding (caller.ts), and behind it the local one, on real workerd. */
export function aiHarness(inferenceUrl: string): AiHarness {
  return createTestHarness({
    workers: [
      {
        config: {
          name: "caller",
          main: "test/local/caller.ts",
          compatibility_date: "2026-11-01",
          compatibility_flags: ["enable_abortsignal_rpc"],
          services: [{ binding: "AI", service: "darkroom-local-ai" }],
        },
      },
      { configPath: "local/wrangler.jsonc", vars: { INFERENCE_URL: inferenceUrl } },
    ],
  });
}
