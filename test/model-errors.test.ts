// The handling of each error on the platform's page and of errors that users report, and answers that must not count as errors.
import { expect, test } from "vitest";

import { asModelError, type ModelError, refusal } from "../shared/models/model-error.ts";
import errors from "./contracts/errors.json" with { type: "json" };

/** Our code and the outcome for each number of the platform. */
const BECOMES: Readonly<Record<number, readonly [code: string, remedy: string]>> = {
  3003: ["invalid_model_input", "discard"],
  3006: ["request_too_large", "discard"],
  3007: ["model_timeout", "retry"],
  3008: ["model_aborted", "retry"],
  3010: ["unsupported_audio", "discard"],
  3023: ["account_blocked", "discard"],
  3030: ["undecodable_input", "discard"],
  3036: ["daily_allocation_used", "hold"],
  3039: ["invalid_model_input", "discard"],
  3040: ["out_of_capacity", "snooze"],
  3041: ["account_blocked", "discard"],
  3042: ["no_such_model", "discard"],
  3043: ["model_failed", "retry"],
  4002: ["invalid_model_input", "discard"],
  4006: ["daily_allocation_used", "hold"],
  5004: ["invalid_model_input", "discard"],
  5005: ["invalid_model_input", "discard"],
  5006: ["invalid_model_input", "discard"],
  5007: ["no_such_model", "discard"],
  5016: ["model_agreement_required", "discard"],
  5018: ["account_blocked", "discard"],
  5019: ["invalid_model_input", "discard"],
  5025: ["invalid_model_input", "discard"],
  5035: ["paid_plan_required", "discard"],
  7009: ["model_unavailable", "retry"],
  8002: ["invalid_model_input", "discard"],
  8007: ["invalid_model_input", "discard"],
};

async function thrown(message: string): Promise<ModelError> {
  return asModelError(() => Promise.reject(new Error(message))).catch((error: unknown) => error as ModelError);
}

const answered = (status: number, internalCode: number, description: string) =>
  refusal(status, JSON.stringify({ internalCode, name: "AiError", message: `AiError: ${description}`, description }));

test.each(errors.errors)("$code $text", async ({ code, status, text }) => {
  const [ours, remedy] = BECOMES[code]!;
  const error = answered(status, code, text);
  expect(error).toMatchObject({ code: ours, remedy, status, platformCode: code, isRetryable: remedy !== "discard" });
  expect(error.message).toMatch(/^[A-Z].*\. \(\d{4}: /s);
  expect(error.message).toContain(`${code}: ${text}`);
  // The forms of an error from the binding, between Workers, and from REST.
  for (const message of [`${code}: ${text}`, `InferenceUpstreamError: ${code}: ${text}`, `AiError: ${code}: ${text}`]) {
    expect(await thrown(message)).toMatchObject({ code: ours, remedy, status: null, platformCode: code });
  }
  const envelope = JSON.stringify({ success: false, errors: [{ code, message: text }] });
  expect(refusal(status, envelope)).toMatchObject({ code: ours, remedy, status, platformCode: code });
});

test("every error that we know is in the contract", () => {
  expect(Object.keys(BECOMES)).toEqual(errors.errors.map(({ code }) => String(code)).toSorted());
});

test.each([
  [410, "<html>Gone</html>", "model_withdrawn", "discard"],
  [410, '{"internalCode":5999,"description":"This model was deprecated"}', "model_withdrawn", "discard"],
  [403, "forbidden", "account_blocked", "discard"],
  [404, "", "no_such_model", "discard"],
  [413, "", "request_too_large", "discard"],
  [408, "", "model_timeout", "retry"],
  [429, '{"success":false,"errors":[{"code":2003,"message":"Rate limited"}]}', "rate_limited", "snooze"],
  [502, "Bad gateway", "model_failed", "retry"],
  [400, '{"internalCode":9999,"description":"unheard of"}', "unexpected_error", "retry"],
  [400, "null", "unexpected_error", "retry"],
  [400, '{"errors":[null]}', "unexpected_error", "retry"],
])("a status of %i with an unknown number, or none: %s", (status, body, code, remedy) => {
  expect(refusal(status, body)).toMatchObject({ code, remedy, status });
});

test.each([
  [400, 3030, "AiError: Input prompt contains NSFW content"],
  [400, 8007, "Your request was flagged. Please choose another prompt"],
  [400, 9999, "The output was flagged by the safety filter"],
  [422, 5006, "prompt FLAGGED"],
])("what a model flags is refused by it, whatever the number: %i, %i %s", async (status, code, text) => {
  expect(answered(status, code, text)).toMatchObject({
    code: "refused_by_model",
    remedy: "discard",
    platformCode: code,
  });
  expect(await thrown(`${code}: ${text}`)).toMatchObject({ code: "refused_by_model" });
});

test("an error about the account or capacity does not count as an error of the input", () => {
  expect(answered(403, 3023, "The account was flagged")).toMatchObject({ code: "account_blocked" });
  expect(answered(429, 3040, "flagged as busy")).toMatchObject({ code: "out_of_capacity" });
  expect(answered(410, 9999, "withdrawn for safety")).toMatchObject({ code: "model_withdrawn" });
});

test.each(["port 8080: refused", "put: 3036: gone", "uploads 3040: a path", "Network connection lost."])(
  "a number that does not begin the binding's message is none of the platform's: %s",
  async (message) => {
    expect(await thrown(message)).toMatchObject({ code: "unexpected_error", remedy: "retry", platformCode: null });
  },
);

test("other models may stand in for a model that answers nobody", () => {
  const unusable = errors.errors.filter(({ code, status, text }) => answered(status, code, text).isModelUnusable);
  expect(unusable.map(({ code }) => code).toSorted((a, b) => a - b)).toEqual([
    3023, 3041, 3042, 5007, 5016, 5018, 5035,
  ]);
  expect(refusal(410, "").isModelUnusable).toBe(true);
});
