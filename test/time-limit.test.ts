// The two waits that every outside call needs: one with a time limit, and one for a retry.
import { expect, test } from "vitest";

import { retry } from "../shared/retry.ts";
import { withTimeLimit } from "../shared/time-limit.ts";

const never = () => new Promise<never>(() => {});
const limit = (limitMs: number) => ({ limitMs, onLimit: () => new Error("too long") });

test("a call that ignores its signal ends when its time is up, and the signal has the reason", async () => {
  let seen: AbortSignal | undefined;
  const call = withTimeLimit(undefined, limit(20), (signal, startTimer) => {
    seen = signal;
    startTimer();
    return never();
  });
  await expect(call).rejects.toThrow("too long");
  expect(seen?.reason).toMatchObject({ message: "too long" });
});

test("the time begins with the call, not with the wait for a connection", async () => {
  const answer = await withTimeLimit(undefined, limit(150), async (_, startTimer) => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    startTimer();
    return "in time";
  });
  expect(answer).toBe("in time");
});

test("a task that is cancelled ends its call with the task's reason, before or after the model was asked", async () => {
  const ended = new AbortController();
  const call = withTimeLimit(ended.signal, limit(60_000), never);
  ended.abort(new Error("taken away"));
  await expect(call).rejects.toThrow("taken away");
  let hasRun = false;
  const late = withTimeLimit(ended.signal, limit(60_000), async () => {
    hasRun = true;
  });
  await expect(late).rejects.toThrow("taken away");
  expect(hasRun).toBe(false);
});

test("a call that is done leaves no timer and no listener: what comes later does not abort its signal", async () => {
  const ended = new AbortController();
  let seen: AbortSignal | undefined;
  await withTimeLimit(ended.signal, limit(20), async (signal, startTimer) => {
    seen = signal;
    startTimer();
  });
  ended.abort(new Error("taken away"));
  await new Promise((resolve) => setTimeout(resolve, 40));
  expect(seen?.aborted).toBe(false);
});

test("a passing failure is tried again as often as the rule says, any other not at all", async () => {
  const waits: number[] = [];
  const rule = {
    tries: 3,
    delayMs: (tried: number) => {
      waits.push(tried);
      return 0;
    },
    isPassing: (error: unknown) => String(error).includes("passing"),
  };
  let calls = 0;
  const failing = (message: string, times: number) => async () => {
    calls += 1;
    if (calls <= times) throw new Error(message);
    return calls;
  };
  expect(await retry(failing("passing", 2), rule)).toBe(3);
  expect(waits).toEqual([1, 2]);
  calls = 0;
  await expect(retry(failing("passing", 3), rule)).rejects.toThrow("passing");
  expect(calls).toBe(3);
  calls = 0;
  await expect(retry(failing("final", 1), rule)).rejects.toThrow("final");
  expect(calls).toBe(1);
});
