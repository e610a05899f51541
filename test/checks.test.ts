// The missing parts of a deployment, as the setup view names them.
import { expect, test } from "vitest";

import type { Check } from "../producer/checks/schema.ts";
import { deploymentChecks } from "../producer/checks/deployment-checks.ts";
import { withDefaults } from "../shared/settings.ts";
import { KEYS, startDarkroom, until } from "./harness.ts";

// A separate runtime is used, because an isolate records only once an hour that the bucket sends notifications.
const darkroom = startDarkroom({}, { edit: (config) => config });

async function read(): Promise<Map<string, Check>> {
  const response = await darkroom.api("/v1/checks");
  expect(response.status).toBe(200);
  const { checks } = await response.json<{ checks: Check[] }>();
  return new Map(checks.map((check) => [check.name, check]));
}

test("a rule that never delivered is recognised by objects that only the sweep finds, and a working rule by its messages", async () => {
  expect((await read()).get("notification_rule")?.state).toBe("unknown");
  const { MEDIA, UPLOADS } = darkroom.bindings();
  const stored = await MEDIA.put("inbox/quiet.txt", "Nobody told of it.");
  await darkroom.maintain(new Date(Date.now() + 3_600_000));
  await until(read, (checks) => checks.get("notification_rule")?.state === "missing");
  const missing = (await read()).get("notification_rule");
  expect(missing?.detail).toContain("has never reported an object");
  expect(missing?.commands).toEqual(["bin/provision"]);
  await UPLOADS.send({
    action: "PutObject",
    bucket: "darkroom-media",
    object: { key: "inbox/quiet.txt", size: stored!.size, eTag: stored!.etag },
    eventTime: new Date().toISOString(),
  });
  await until(read, (checks) => checks.get("notification_rule")?.state === "ok");
});

test("missing parts are named with their commands, and the others are marked as ok", () => {
  const never = { notifiedAt: null, sweptAt: null };
  const bindings = { ...darkroom.bindings(), R2_ACCESS_KEY_ID: "", R2_ENDPOINT: "", SETUP_TOKEN: "t".repeat(20) };
  const bare = withDefaults(bindings);
  const found = new Map(
    deploymentChecks(bare, "https://darkroom.example/v1/checks", never).map((one) => [one.name, one]),
  );
  expect(found.get("presigned_uploads")).toMatchObject({
    state: "missing",
    commands: ["npx wrangler secret put R2_ACCESS_KEY_ID", "npx wrangler secret put R2_ENDPOINT"],
  });
  expect(found.get("vectorize")?.state).toBe("missing");
  expect(found.get("setup_token")?.commands).toEqual(["npx wrangler secret delete SETUP_TOKEN"]);
  const HOUR = 3_600_000;
  const rule = (notifiedAt: number | null, sweptAt: number | null) =>
    deploymentChecks(bare, "https://darkroom.example/", { notifiedAt, sweptAt })[1]?.state;
  expect([rule(9 * HOUR, null), rule(9 * HOUR, 10 * HOUR), rule(9 * HOUR, 12 * HOUR), rule(null, HOUR)]).toEqual([
    "ok",
    "ok",
    "missing",
    "missing",
  ]);
});

test("a number that cannot be read has its default, and is named", () => {
  const never = { notifiedAt: null, sweptAt: null };
  const given = { ...darkroom.bindings(), RETENTION_DAYS: "a month", ARCHIVE_AFTER_DAYS: "0.5", AUDIT_DAYS: "-1" };
  const env = withDefaults(given);
  expect([env.RETENTION_DAYS, env.ARCHIVE_AFTER_DAYS, env.AUDIT_DAYS]).toEqual(["30", "0.5", "400"]);
  const found = deploymentChecks(env, "https://darkroom.example/v1/checks", never).at(-1);
  expect(found).toMatchObject({ name: "settings", state: "missing", commands: ["npm run deploy"] });
  expect(found?.detail).toMatch(/^RETENTION_DAYS, AUDIT_DAYS are not numbers of 0 or more/);
  const { RETENTION_DAYS, AUDIT_DAYS } = withDefaults(darkroom.bindings());
  expect(withDefaults({ ...given, RETENTION_DAYS, AUDIT_DAYS }).UNREADABLE_SETTINGS).toEqual([]);
});

test("only the operator may read the checks of the deployment", async () => {
  expect((await darkroom.api("/v1/checks", { key: KEYS.other })).status).toBe(403);
});
