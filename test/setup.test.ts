// A person who deployed with the button has a token, and does not have a key yet.
import { beforeEach, describe, expect, test } from "vitest";

import { countTry } from "../shared/db/keys/setup.ts";
import { startDarkroom } from "./harness.ts";

const TOKEN = "correct-horse-battery-staple";
const FORM = "application/x-www-form-urlencoded";

type Darkroom = ReturnType<typeof startDarkroom>;

async function send(
  darkroom: Darkroom,
  token: string,
  accept = "*/*",
  attempt?: string,
  address = "192.0.2.9",
): Promise<Response> {
  const body = new URLSearchParams({ token, ...(attempt === undefined ? {} : { attempt }) }).toString();
  // The harness gives each request without a key a separate address.
  const headers = { "content-type": FORM, accept, "cf-connecting-ip": address };
  return darkroom.api("/setup", { method: "POST", key: null, headers, body });
}

const page = (darkroom: Darkroom) => darkroom.api("/setup", { key: null });
const codeOf = async (response: Response) => [response.status, (await response.json<{ code: string }>()).code];

describe("with a setup token", () => {
  const darkroom = startDarkroom({ SETUP_TOKEN: TOKEN });
  const forget = async (...tables: string[]) => {
    const { DB } = darkroom.bindings();
    await DB.batch(tables.map((table) => DB.prepare(`DELETE FROM ${table}`)));
  };
  beforeEach(() => forget("api_keys", "setup_tries", "audit"));

  test("the form's page has no script and may send only to this deployment", async () => {
    const response = await page(darkroom);
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(text).toContain('<form method="post" action="/setup">');
    expect(text).not.toMatch(/<script|<style|style=|onclick/i);
    expect(response.headers.get("content-security-policy")).toBe(
      "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    );
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect((await darkroom.api("/docs.css", { key: null })).status).toBe(200);
  });

  test("the token is exchanged for a key that can make others, once", async () => {
    const made = await send(darkroom, TOKEN);
    expect(made.status).toBe(201);
    const { key } = await made.json<{ key: string }>();
    const scopes = ["jobs:read", "jobs:write", "admin"];
    const other = await darkroom.post("/v1/keys", { label: "another", ownerId: "somebody", scopes }, key);
    expect(other.status).toBe(201);
    expect(await codeOf(await send(darkroom, TOKEN))).toEqual([409, "already_set_up"]);
    expect(await (await page(darkroom)).text()).toMatch(/already has its first admin key/);
    const { audit } = await (
      await darkroom.api("/v1/audit?act=key.create", { key })
    ).json<{ audit: { actor: string }[] }>();
    expect(audit.map(({ actor }) => actor)).toContain("setup");
  });

  test("a browser is answered with the key in a page, which no cache keeps", async () => {
    const made = await send(darkroom, TOKEN, "text/html,application/xhtml+xml");
    expect(made.headers.get("content-type")).toMatch(/^text\/html/);
    expect(made.headers.get("cache-control")).toBe("no-store");
    expect(await made.text()).toMatch(/<pre>dk_k[0-9a-f]+_[0-9a-f]{48}<\/pre>/);
  });

  test("an attempt whose answer is lost is sent again and gets the same key, for ten minutes and only with the token", async () => {
    const form = await (await page(darkroom)).text();
    const [, attempt = ""] = /name="attempt" type="hidden" value="([^"]+)"/.exec(form) ?? [];
    const first = await send(darkroom, TOKEN, "*/*", attempt);
    const { key } = await first.json<{ key: string }>();
    expect(first.status).toBe(201);
    const again = await send(darkroom, TOKEN, "*/*", attempt);
    expect([again.status, await again.json()]).toEqual([201, { key }]);
    expect((await darkroom.api("/v1/keys", { key })).status).toBe(200);
    const { DB } = darkroom.bindings();
    expect(await DB.prepare("SELECT count(*) AS n FROM api_keys").first<number>("n")).toBe(1);
    expect(await DB.prepare("SELECT count(*) AS n FROM audit").first<number>("n")).toBe(1);

    expect(await (await page(darkroom)).text()).not.toContain("attempt");
    const other = attempt.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
    for (const [token, sent] of [
      [`${TOKEN}x`, attempt],
      [TOKEN, other],
      [TOKEN, undefined],
      [TOKEN, "short"],
    ] as const) {
      expect(await codeOf(await send(darkroom, token, "*/*", sent))).toEqual([409, "already_set_up"]);
    }
    await DB.prepare("UPDATE api_keys SET created_at = created_at - 600000").run();
    expect(await codeOf(await send(darkroom, TOKEN, "*/*", attempt))).toEqual([409, "already_set_up"]);
    await DB.prepare("UPDATE api_keys SET created_at = created_at + 600000, revoked_at = 1").run();
    expect(await codeOf(await send(darkroom, TOKEN, "*/*", attempt))).toEqual([409, "already_set_up"]);
  });

  test("an attempt that is sent ten times at the same moment gets the same key in each answer", async () => {
    const attempt = "a-double-click-of-somebody-in-a-hurry";
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => send(darkroom, TOKEN, "*/*", attempt, `192.0.2.${index}`)),
    );
    const keys = await Promise.all(answers.map(async (answer) => (await answer.json<{ key: string }>()).key));
    expect(new Set(keys).size).toBe(1);
    expect((await darkroom.api("/v1/keys", { key: keys[0]! })).status).toBe(200);
  });

  test("of twenty requests with the token at the same moment one gets a key", async () => {
    // To exceed the limit of tries, which is tested below, the race needs as many addresses.
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        darkroom.api("/setup", {
          method: "POST",
          key: null,
          headers: { "content-type": FORM, "cf-connecting-ip": `192.0.2.${index}` },
          body: `token=${TOKEN}`,
        }),
      ),
    );
    const statuses = answers.map(({ status }) => status);
    expect([statuses.filter((one) => one === 201).length, statuses.filter((one) => one === 409).length]).toEqual([
      1, 19,
    ]);
    const { DB } = darkroom.bindings();
    expect(await DB.prepare("SELECT count(*) AS n FROM api_keys").first<number>("n")).toBe(1);
    expect(await DB.prepare("SELECT count(*) AS n FROM audit").first<number>("n")).toBe(1);
  });

  test("a key that was revoked or has expired does not let the token open the deployment again", async () => {
    await send(darkroom, TOKEN);
    await darkroom.bindings().DB.prepare("UPDATE api_keys SET revoked_at = 1, expires_at = 1").run();
    expect(await codeOf(await send(darkroom, TOKEN))).toEqual([409, "already_set_up"]);
  });

  test("a wrong token is refused, and after five in a minute the right one has to wait as well", async () => {
    for (let index = 0; index < 5; index += 1) {
      expect(await codeOf(await send(darkroom, `${TOKEN}${index}`))).toEqual([403, "wrong_setup_token"]);
    }
    const late = await send(darkroom, TOKEN);
    expect(late.headers.get("retry-after")).toBe("60");
    expect(await codeOf(late)).toEqual([429, "rate_limited"]);
    const shown = await send(darkroom, TOKEN, "text/html");
    expect([shown.status, await shown.text()]).toEqual([429, expect.stringContaining("Wait a minute")]);
    // The next minute has new tries.
    await darkroom.bindings().DB.prepare("UPDATE setup_tries SET minute = minute - 1").run();
    expect((await send(darkroom, TOKEN)).status).toBe(201);
  });

  test("addresses that share the guessing reach the limit for all addresses together", async () => {
    const { DB } = darkroom.bindings();
    const now = Date.now();
    const counted: { ofAddress: number; ofAll: number }[] = [];
    for (let index = 0; index < 3; index += 1) counted.push(await countTry(DB, `192.0.2.${index}`, now));
    expect(counted).toEqual([1, 2, 3].map((ofAll) => ({ ofAddress: 1, ofAll })));
    expect(await countTry(DB, "192.0.2.0", now + 60_000)).toEqual({ ofAddress: 1, ofAll: 1 });
  });

  test("a body that is not a form is refused with the reason", async () => {
    const empty = await darkroom.api("/setup", { method: "POST", key: null, body: "" });
    expect(await codeOf(empty)).toEqual([422, "invalid_request"]);
    expect(await codeOf(await send(darkroom, TOKEN, "*/*", "too-short"))).toEqual([422, "invalid_request"]);
    const json = await darkroom.api("/setup", { method: "POST", key: null, body: `{"token": "${TOKEN}"}` });
    expect(await codeOf(json)).toEqual([422, "invalid_request"]);
  });
});

describe.each([
  ["without a setup token", undefined],
  ["with a setup token that could be guessed", "short"],
])("%s", (_, token) => {
  const darkroom = startDarkroom(token === undefined ? {} : { SETUP_TOKEN: token });
  beforeEach(async () => {
    await darkroom.bindings().DB.prepare("DELETE FROM api_keys").run();
  });

  test("setup is closed, and the page says what to set", async () => {
    const text = await (await page(darkroom)).text();
    expect(text).toMatch(/SETUP_TOKEN to at least 16 characters/);
    expect(text).not.toContain("<form");
    for (const sent of ["", "short", "undefined"]) {
      expect(await codeOf(await send(darkroom, sent))).toEqual([403, "setup_closed"]);
    }
    const { DB } = darkroom.bindings();
    expect(await DB.prepare("SELECT count(*) AS n FROM api_keys").first<number>("n")).toBe(0);
  });
});
