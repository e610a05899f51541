import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { memoryLimit } from "../shared/memory-limit.ts";
import type { ModelCall } from "../shared/models/model-call.ts";
import { modelRunner } from "../shared/models/run-model.ts";
import { type Connections, createConnections, NoConnection, SLOW_SLOTS } from "../shared/connections.ts";
import { createSixConnections, OPEN_CONNECTIONS } from "./six-connections.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Calls that are open until the test ends them. */
function calls() {
  const { promise, resolve } = Promise.withResolvers<void>();
  const state = { open: 0, most: 0, begun: [] as string[], end: resolve };
  const connect = (name: string) => async () => {
    state.begun.push(name);
    state.open += 1;
    state.most = Math.max(state.most, state.open);
    await promise;
    state.open -= 1;
  };
  return { state, connect };
}

test("three of ten models are asked at a time, and R2 still has a connection", async () => {
  const connections = createConnections();
  const { state, connect } = calls();
  const models = Array.from({ length: 10 }, (_, index) => connections.open("remote", connect(`model ${index}`)));
  const put = connections.open("storage", connect("put"));
  await vi.advanceTimersByTimeAsync(0);
  expect(state.begun).toEqual(["model 0", "model 1", "model 2", "put"]);
  state.end();
  await Promise.all([...models, put]);
  expect(state.most).toBe(SLOW_SLOTS);
  expect(state.begun.slice(4)).toEqual([3, 4, 5, 6, 7, 8, 9].map((index) => `model ${index}`));
});

test("waiting reads of R2 go before waiting models", async () => {
  const connections = createConnections();
  const [first, second] = [calls(), calls()];
  const opened = [1, 2, 3, 4].map((index) => connections.open("storage", first.connect(`get ${index}`)));
  const later = [
    connections.open("remote", second.connect("model")),
    connections.open("storage", second.connect("get 5")),
  ];
  await vi.advanceTimersByTimeAsync(0);
  expect(second.state.begun).toEqual([]);
  first.state.end();
  second.state.end();
  await Promise.all([...opened, ...later]);
  expect(second.state.begun).toEqual(["get 5", "model"]);
});

test("a call that fails gives its connection back, and a call that is cancelled while it waits is never made", async () => {
  const connections = createConnections();
  const { state, connect } = calls();
  const failing = connections.open("remote", () => Promise.reject(new Error("refused")));
  await expect(failing).rejects.toThrow("refused");
  const open = [1, 2, 3].map((index) => connections.open("remote", connect(`model ${index}`)));
  const stop = new AbortController();
  const calledOff = connections.open("remote", connect("called off"), stop.signal);
  stop.abort(new Error("the task was cancelled"));
  await expect(calledOff).rejects.toThrow("the task was cancelled");
  state.end();
  await Promise.all(open);
  expect(state.begun).toEqual(["model 1", "model 2", "model 3"]);
});

test("a task whose model has waited five minutes for a connection goes back to the queue", async () => {
  const connections = createConnections();
  const { state, connect } = calls();
  const open = [1, 2, 3].map((index) => connections.open("remote", connect(`silent ${index}`)));
  const waiting = connections.open("remote", connect("late"));
  await Promise.all([expect(waiting).rejects.toThrow(NoConnection), vi.advanceTimersByTimeAsync(5 * 60_000)]);
  state.end();
  await Promise.all(open);
  expect(state.begun).not.toContain("late");
});

test("a call that got no connection is not counted, because no model was asked", async () => {
  const noted: ModelCall[] = [];
  const never: Connections = { open: () => Promise.reject(new NoConnection()) };
  const binding = { run: () => Promise.reject(new Error("it was asked")) };
  const models = modelRunner({ binding, gateway: undefined, connections: never }, noted, new AbortController().signal);
  await expect(models.run("@cf/openai/whisper", {}, { audioSeconds: 60 })).rejects.toThrow(NoConnection);
  expect(noted).toEqual([]);
});

test("memory of a consumer that was ended from outside is free again after sixteen minutes", async () => {
  const memory = memoryLimit(10);
  void memory.hold(10, () => new Promise(() => {})); // its finally never runs
  let isRun = false;
  const next = memory.hold(5, async () => void (isRun = true));
  await vi.advanceTimersByTimeAsync(15 * 60_000);
  expect(isRun).toBe(false);
  await vi.advanceTimersByTimeAsync(2 * 60_000);
  await next;
  expect(isRun).toBe(true);
});

test("the double of the platform's limit lets the seventh call wait", async () => {
  const six = createSixConnections();
  const { state, connect } = calls();
  const all = Array.from({ length: 9 }, (_, index) => six.run(connect(String(index))));
  await vi.advanceTimersByTimeAsync(0);
  expect(state.begun).toHaveLength(OPEN_CONNECTIONS);
  expect(six.waited).toBe(3);
  state.end();
  await Promise.all(all);
  expect(state.most).toBe(OPEN_CONNECTIONS);
});
