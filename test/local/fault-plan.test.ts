import { expect, test } from "vitest";

import { commit, parseFaultPlan } from "../../local/fault-plan.ts";

function first(text: string, count: number) {
  const plan = parseFaultPlan(text);
  return Array.from({ length: count }, () => plan.next());
}

test("a seed gives the same faults in the same shares, another seed others", () => {
  const text = "seed=7,3040=0.2,garbage=0.1";
  const faults = first(text, 5000);
  expect(first(text, 5000)).toEqual(faults);
  expect(first("seed=8,3040=0.2,garbage=0.1", 5000)).not.toEqual(faults);
  const share = (type: string) => faults.filter((fault) => fault?.type === type).length / faults.length;
  expect(share("error")).toBeCloseTo(0.2, 1);
  expect(share("garbage")).toBeCloseTo(0.1, 1);
  expect(first("", 10)).toEqual(Array.from({ length: 10 }, () => null));
});

test.each([["3040"], ["3040=2"], ["3040=x"], ["hiccup=0.1"], ["3040=0.6,3043=0.6"], ["slow=-1"]])(
  "'%s' is refused",
  (text) => {
    expect(() => parseFaultPlan(text)).toThrow(/faults/);
  },
);

test("an error has the platform's shape, and silence ends with its signal", async () => {
  const codes = [3007, 3010, 3030, 3040, 3043, 4006, 5006, 7009];
  const answers = await Promise.all(codes.map((code) => commit({ type: "error", code }, undefined)));
  expect(answers.map((answer) => answer?.status)).toEqual([408, 400, 400, 429, 500, 429, 400, 500]);
  expect(await answers[3]?.json()).toMatchObject({ internalCode: 3040, name: "AiError" });
  const call = new AbortController();
  const silence = commit({ type: "silent" }, call.signal);
  call.abort(new Error("stopped"));
  await expect(silence).rejects.toThrow("stopped");
});
