// Published secrets only give access to this machine.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

import { describe, expect, test } from "vitest";

import { app } from "../producer/index.ts";
import { isLocalhost, LOCAL_KEY, localSecretsOf } from "../shared/keys/local-secrets.ts";
import { KEYS, OWN_SECRETS, startDarkroom } from "./harness.ts";

const HOST = "http://darkroom.example";
const as = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });

interface Problem {
  readonly code: string;
  readonly detail: string;
}

test.each([
  ["localhost", true],
  ["a.localhost", true],
  ["127.0.0.1", true],
  ["127.1.2.3", true],
  ["[::1]", true],
  ["darkroom.example", false],
  ["localhost.example", false],
  ["notlocalhost", false],
  ["127.0.0.1.example", false],
  ["10.0.0.1", false],
  ["[::ffff:10.0.0.1]", false],
  ["0.0.0.0", false],
])("whether a host is this machine: %s", (host, expected) => {
  expect(isLocalhost(new URL(`http://${host}:8787/`).hostname)).toBe(expected);
});

test("the secrets that are refused are those that local development runs with", async () => {
  const config = await readFile("wrangler.jsonc", "utf8");
  const env = Object.fromEntries(
    ["R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY"].map((name) => [
      name,
      new RegExp(`"${name}": "([^"]+)"`).exec(config)?.[1] ?? "",
    ]),
  );
  expect(localSecretsOf(env)).toEqual(Object.keys(env));
  const hash = createHash("sha256").update(LOCAL_KEY.split("_").at(-1)!).digest("hex");
  expect(await readFile("local/dev-key.sql", "utf8")).toContain(hash);
});

test.each([
  ["R2_ACCESS_KEY_ID", "local"],
  ["R2_SECRET_ACCESS_KEY", "local-secret"],
])("a deployment with only the local %s refuses to serve, and names it", async (name, secret) => {
  const env = { CORS_ORIGINS: "", ...OWN_SECRETS };
  expect((await app.request(`${HOST}/v1/nowhere`, {}, env)).status).toBe(401);
  const refused = await app.request(`${HOST}/v1/nowhere`, {}, { ...env, [name]: secret });
  const { code, detail } = await refused.json<Problem>();
  expect([refused.status, code]).toEqual([503, "local_secrets"]);
  expect(detail).toContain(`(${name})`);
});

describe("with the secrets of local development", () => {
  const darkroom = startDarkroom();

  test("everything except /healthz is refused on another host, with any key, and served on this machine", async () => {
    const paths = ["/v1/jobs", "/docs", "/openapi.json", "/signed/jobs/x/artifacts/y", "/openai/v1/models", "/none"];
    for (const path of [...paths, "/replicate/v1/models"]) {
      const refused = await darkroom.raw(`${HOST}${path}`, as(KEYS.operator));
      expect([path, refused.status, (await refused.json<Problem>()).code]).toEqual([path, 503, "local_secrets"]);
    }
    const preflight = { method: "OPTIONS", headers: { origin: HOST, "access-control-request-method": "GET" } };
    expect((await darkroom.raw(`${HOST}/v1/jobs`, preflight)).status).toBe(503);
    expect((await darkroom.raw(`${HOST}/healthz`, {})).status).toBe(200);
    for (const host of ["localhost", "darkroom.localhost", "127.0.0.1:8787", "[::1]"]) {
      expect([host, (await darkroom.raw(`http://${host}/v1/jobs`, as(KEYS.operator))).status]).toEqual([host, 200]);
    }
  });
});

describe("with secrets of its own", () => {
  const darkroom = startDarkroom(OWN_SECRETS);

  test("the key of local development works only on this machine, although it is in the database", async () => {
    const { DB } = darkroom.bindings();
    await DB.prepare(await readFile("local/dev-key.sql", "utf8")).run();
    const refused = await darkroom.raw(`${HOST}/v1/jobs`, as(LOCAL_KEY));
    const { code, detail } = await refused.json<Problem>();
    expect([refused.status, code]).toEqual([401, "unauthorized"]);
    expect(detail).toContain("only on localhost");
    const asToken = { headers: { authorization: `Token ${LOCAL_KEY}` } };
    expect((await darkroom.raw(`${HOST}/replicate/v1/models`, asToken)).status).toBe(401);
    expect((await darkroom.raw("http://localhost/v1/jobs", as(LOCAL_KEY))).status).toBe(200);
    expect((await darkroom.raw(`${HOST}/v1/jobs`, as(KEYS.operator))).status).toBe(200);
  });
});
