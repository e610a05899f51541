// How the resources of an account are read from the output of wrangler 4.164.0. test/deploy-parts.test.ts checks that output.
import { describe, expect, test } from "vitest";

import { bucketParts } from "../deploy/bucket-parts.ts";
import { indexParts } from "../deploy/index-parts.ts";
import type { Part } from "../deploy/part.ts";
import { adviceFor } from "../deploy/refusals.ts";
import type { Target } from "../deploy/target.ts";

const target: Target = {
  database: "darkroom",
  bucket: "media",
  jurisdiction: null,
  accessFault: null,
  uploadQueue: "uploads",
  passageIndex: "passages",
  origins: [],
  operatorId: "operator",
};

/** Return what a part reads from wrangler's output. */
async function found(part: Part | undefined, stdout: string, ok = true) {
  const ran = { ok, stdout, output: stdout };
  const answer = async () => ran;
  return part?.find({ look: answer, run: answer, make: answer, isDryRun: false });
}

const [rule, lifecycle] = await bucketParts(target, []);
const EVENTS = "PutObject,CompleteMultipartUpload,CopyObject";
const printedRule = ({ queue = "uploads", prefix = "inbox/", suffix = "(all suffixes)", events = EVENTS }) =>
  `
 ⛅️ wrangler 4.164.0
────────────────────
Fetching notification rules for bucket media...
rule_id:     7d3f
created_at:  2026-11-29T08:00:00Z
queue_name:  ${queue}
prefix:      ${prefix}
suffix:      ${suffix}
event_type:  ${events}
`;

describe("the notification rule", () => {
  test("is there if queue, prefix, suffix and events are right, in any order and colour", async () => {
    expect(await found(rule, printedRule({}))).toEqual({ state: "there" });
    expect(await found(rule, printedRule({ events: "CopyObject,PutObject,CompleteMultipartUpload" }))).toEqual({
      state: "there",
    });
    expect(await found(rule, printedRule({ queue: "\u001B[90muploads\u001B[39m" }))).toEqual({ state: "there" });
  });

  test("is missing if no rule is for the same objects", async () => {
    expect(await found(rule, "", false)).toEqual({ state: "missing" });
    expect(await found(rule, printedRule({ prefix: "results/" }))).toEqual({ state: "missing" });
    expect(await found(rule, printedRule({ events: "DeleteObject,LifecycleDeletion" }))).toEqual({ state: "missing" });
  });

  test.each<[string, Parameters<typeof printedRule>[0]]>([
    ["goes to the queue 'others' instead of 'uploads'", { queue: "others" }],
    ["has the prefix '' instead of 'inbox/'", { prefix: "(all prefixes)" }],
    ["has the prefix 'inbox/prompts/' instead of 'inbox/'", { prefix: "inbox/prompts/" }],
    ["has the suffix '.mp3' instead of none", { suffix: ".mp3" }],
    ["does not report CompleteMultipartUpload, CopyObject", { events: "PutObject" }],
    ["also reports DeleteObject", { events: `${EVENTS},DeleteObject` }],
  ])("is different if it %s", async (how, printed) => {
    const { queue = "uploads" } = printed;
    expect(await found(rule, printedRule(printed))).toEqual({
      state: "different",
      how: `rule 7d3f ${how}.`,
      todo: expect.stringContaining(
        `npx wrangler r2 bucket notification delete media --queue=${queue} --rule=7d3f --env=`,
      ),
    });
  });
});

const printedLifecycle = (name: string, prefix: string, action: string, enabled = "Yes") =>
  `name:     ${name}\nenabled:  ${enabled}\nprefix:   ${prefix}\naction:   ${action}\n\n`;
const ABORT = "Abort incomplete multipart uploads after";

describe("the lifecycle rule", () => {
  test.each([
    ["there", printedLifecycle("Default Multipart Abort Rule", "(all prefixes)", `${ABORT} 7 days`)],
    ["there", printedLifecycle("x", "inbox/", `Expire objects after 90 days, ${ABORT} 7 days`)],
    ["missing", ""],
    ["missing", printedLifecycle("x", "results/", `${ABORT} 7 days`)],
    ["missing", printedLifecycle("x", "(all prefixes)", `${ABORT} 7 days`, "No")],
    ["missing", printedLifecycle("x", "(all prefixes)", `${ABORT} 30 days`)],
    ["missing", printedLifecycle("x", "(all prefixes)", "Expire objects after 7 days")],
    ["different", printedLifecycle("x", "inbox/", `${ABORT} 1 days`)],
    ["different", printedLifecycle("abort-unfinished-uploads", "(all prefixes)", `${ABORT} 7 days`, "No")],
    ["different", printedLifecycle("abort-unfinished-uploads", "results/", `${ABORT} 7 days`)],
  ])("is %s: %j", async (state, stdout) => {
    expect(await found(lifecycle, stdout)).toMatchObject({ state });
  });

  test("that acts too early is different even beside one that is right", async () => {
    const right = printedLifecycle("Default Multipart Abort Rule", "(all prefixes)", `${ABORT} 7 days`);
    expect(await found(lifecycle, right + printedLifecycle("hasty", "inbox/", `${ABORT} 2 days`))).toMatchObject({
      state: "different",
      how: expect.stringContaining("'hasty' aborts uploads after 2 days"),
      todo: expect.stringContaining("lifecycle remove media --name=hasty"),
    });
  });
});

describe("the index of passages", () => {
  const printed = (dimensions: number, metric: string) => JSON.stringify({ config: { dimensions, metric } });
  test("is there with the dimensions and the metric of our vectors alone", async () => {
    const [index] = indexParts(target);
    expect(await found(index, printed(1024, "cosine"))).toEqual({ state: "there" });
    expect(await found(index, "", false)).toEqual({ state: "missing" });
    for (const stdout of [printed(768, "cosine"), printed(1024, "euclidean"), "{}"]) {
      expect(await found(index, stdout)).toMatchObject({
        state: "different",
        todo: expect.stringContaining("npx wrangler vectorize delete passages --env="),
      });
    }
  });

  test.each([
    ["there", [{ propertyName: "space", indexType: "String" }]],
    ["missing", [{ propertyName: "workspace", indexType: "string" }]],
    ["different", [{ propertyName: "space", indexType: "number" }]],
  ])("has a metadata index that is %s", async (state, properties) => {
    const [, space] = indexParts(target);
    expect(await found(space, JSON.stringify(properties))).toMatchObject({ state });
  });
});

test("each of several accounts is named with its id", () => {
  const output = `✘ [ERROR] More than one account available but unable to select one in non-interactive mode.
  Please set the appropriate account ID in your Wrangler configuration file or assign it to the \`CLOUDFLARE_ACCOUNT_ID\` environment variable.
  Available accounts are (\`<name>\`: \`<account_id>\`):
    \`Acme's: own\`: \`0123456789abcdef0123456789abcdef\`
    \`(redacted)\`: \`fedcba9876543210fedcba9876543210\`
`;
  expect(adviceFor(output)).toContain(
    "0123456789abcdef0123456789abcdef (Acme's: own), fedcba9876543210fedcba9876543210 ((redacted)).",
  );
});
