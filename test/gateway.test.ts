import { expect, test } from "vitest";

import { startDarkroom } from "./harness.ts";

const darkroom = startDarkroom({ AI_GATEWAY_ID: "darkroom", AI_GATEWAY_CACHE_SECONDS: "3600" });

test("with a gateway configured calls go through it, and attempts keep its log's id", async () => {
  const text = "a fine day by the gateway";
  const job = await darkroom.submit({ kind: "classification", text });
  const { attempts } = await darkroom.untilJob(job.id);
  expect(attempts[0]!.calls).toMatchObject([{ gatewayLogId: "log-1" }]);
  expect((await darkroom.modelCalls()).gateways[text]).toEqual({ id: "darkroom", cacheTtl: 3600 });
});

test("a form, which no gateway takes, goes to the model itself", async () => {
  const prompt = "a harbour without a gateway";
  const job = await darkroom.submit({ kind: "image_generation", prompt, options: { model: "flux-2-klein-4b" } });
  const { attempts, state } = await darkroom.untilJob(job.id);
  expect(state).toBe("completed");
  expect(attempts[0]!.calls[0]).not.toHaveProperty("gatewayLogId");
  expect((await darkroom.modelCalls()).gateways[prompt]).toBeUndefined();
});
