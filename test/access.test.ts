// A team signs in with Cloudflare Access: who gets in, with which identity, and what another site can make a browser send.
import { request } from "node:http";

import { beforeEach, expect, test } from "vitest";

import { KEY_LOOKED_UP_MS } from "../producer/http/guard-body.ts";
import { SCOPES_OF } from "../producer/http/scopes.ts";
import { holdStream } from "../shared/db/keys/event-streams.ts";
import { SCOPES } from "../shared/keys/scopes.ts";
import { ACCESS_CERTS } from "./access-door.ts";
import { AUDIENCE, type Signed, type Signer, startSigner } from "./access-signer.ts";
import { FEW_REQUESTS, FEW_REQUESTS_A_MINUTE } from "./controlled.ts";
import { KEYS, startDarkroom, until } from "./harness.ts";
import { speech } from "./speech.ts";

const ORIGIN = "https://darkroom.example";
const ANNA = "anna@example.com";
const BEN = "ben@example.com";

const MEMBERS = [
  { who: ANNA, ownerId: "operator", scopes: SCOPES },
  { who: "group:editors", ownerId: "newsroom", scopes: ["jobs:read", "jobs:write"] },
  { who: "@example.com", ownerId: "newsroom", scopes: ["jobs:read"] },
];

// With the secrets of local development, the Worker only answers requests to this machine's name.
const darkroom = startDarkroom({ R2_ACCESS_KEY_ID: "an-id-of-its-own", R2_SECRET_ACCESS_KEY: "a-secret-of-its-own" });
let signer: Signer;
let teams = 0;

// Each test has its own team, because an isolate remembers the keys of each team.
beforeEach(async () => {
  teams += 1;
  signer = await startSigner(`team-${process.pid}-${teams}`);
  await configure();
  return () => signer.stop();
});

const varsOf = (more: Record<string, string> = {}) => ({
  ACCESS_TEAM_DOMAIN: signer.domain,
  ACCESS_AUD: AUDIENCE,
  ACCESS_MEMBERS: JSON.stringify(MEMBERS),
  [ACCESS_CERTS]: signer.url,
  ...more,
});

async function configure(more: Record<string, string> = {}): Promise<void> {
  await darkroom.configure(varsOf(more));
}

/** Send a request as a page of this address does, after Access has let it through. */
async function send(assertion: string, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers({ "sec-fetch-site": "same-origin", "cf-connecting-ip": randomAddress() });
  headers.set("cf-access-jwt-assertion", assertion);
  for (const [name, value] of new Headers(init.headers)) {
    if (value === "-") headers.delete(name);
    else headers.set(name, value);
  }
  return darkroom.raw(new URL(path, ORIGIN).href, { ...init, headers });
}

function randomAddress(): string {
  return [10, ...crypto.getRandomValues(new Uint8Array(3))].join(".");
}

const post = (assertion: string, path: string, body: unknown, headers: Record<string, string> = {}) =>
  send(assertion, path, { method: "POST", body: JSON.stringify(body), headers });

interface Own {
  readonly id: string;
  readonly ownerId: string;
  readonly label: string;
  readonly scopes: string[];
  readonly expiresAt: string;
  readonly signedInBy: string;
  readonly isOperator: boolean;
}

async function whoIs(address: string, signed?: Signed): Promise<Own> {
  const response = await send(await signer.sign(address, signed), "/v1/keys/self");
  expect([address, response.status]).toEqual([address, 200]);
  return response.json<Own>();
}

const problemOf = async (response: Response) => {
  const { code, detail } = await response.json<{ code: string; detail: string }>();
  return { status: response.status, code, detail };
};

const TEXT = { kind: "classification", text: "A fine day." };

test("a person whom Access lets in is signed in without a key, with the rights that the operator gave", async () => {
  const exp = Math.floor(Date.now() / 1000) + 600;
  expect(await whoIs(ANNA, { claims: { exp } })).toMatchObject({
    ownerId: "operator",
    label: ANNA,
    scopes: SCOPES,
    isOperator: true,
    signedInBy: "access",
    expiresAt: new Date(exp * 1000).toISOString(),
  });
  const assertion = await signer.sign(ANNA);
  const submitted = await post(assertion, "/v1/jobs", TEXT);
  expect(submitted.status).toBe(201);
  const { id } = await submitted.json<{ id: string }>();
  // The owner's keys see it. A reader of another owner does not.
  expect((await darkroom.api(`/v1/jobs/${id}`)).status).toBe(200);
  const reader = await signer.sign(BEN);
  expect((await send(reader, `/v1/jobs/${id}`)).status).toBe(404);
  expect(await problemOf(await post(reader, "/v1/jobs", TEXT))).toMatchObject({ code: "insufficient_scope" });
  expect((await darkroom.api("/v1/keys/self")).headers.get("cache-control")).toContain("no-store");
  const key = await (await darkroom.api("/v1/keys/self")).json<Own>();
  expect(key.signedInBy).toBe("key");
});

test("the first entry that names a person applies: an address, a group, a domain", async () => {
  const inGroup = (groups: unknown) => ({ claims: { custom: { groups } } });
  const scopesOf = async (address: string, signed?: Signed) => {
    const { ownerId, scopes } = await whoIs(address, signed);
    return [ownerId, scopes.length];
  };
  expect(await scopesOf("Anna@Example.COM", inGroup(["editors"]))).toEqual(["operator", 4]);
  expect(await scopesOf(BEN, inGroup(["staff", "editors"]))).toEqual(["newsroom", 2]);
  expect(await scopesOf("eve@elsewhere.example", inGroup("editors"))).toEqual(["newsroom", 2]);
  // A claim that is missing, or has another type, gives no access.
  for (const groups of [undefined, [], ["Editors"], [{ id: "editors" }], { editors: true }, 7]) {
    expect([groups, await scopesOf(BEN, inGroup(groups))]).toEqual([groups, ["newsroom", 1]]);
  }
  const nobody = ["eve@elsewhere.example", "ben@sub.example.com", "ben@example.com.evil.example", "ben@notexample.com"];
  for (const address of nobody) {
    const refused = await problemOf(await send(await signer.sign(address), "/v1/keys/self"));
    expect(refused).toMatchObject({ status: 403, code: "not_a_member" });
    expect(refused.detail).toContain(`you are ${address}`);
    expect(refused.detail).toContain("ACCESS_MEMBERS");
  }
});

test("a key in the request is used instead of the assertion, even a wrong one", async () => {
  const assertion = await signer.sign(ANNA);
  const withKey = (key: string) => send(assertion, "/v1/keys/self", { headers: { authorization: `Bearer ${key}` } });
  expect(await (await withKey(KEYS.other)).json()).toMatchObject({ ownerId: "other", signedInBy: "key" });
  for (const wrong of [KEYS.revoked, "dk_operator_no", "nonsense"]) {
    expect(await problemOf(await withKey(wrong))).toMatchObject({ status: 401, code: "unauthorized" });
  }
  const basic = await send(assertion, "/v1/keys/self", { headers: { authorization: "Basic YTpi" } });
  expect(basic.status).toBe(401);
  // With a key, a page of another site may send the request.
  const headers = { authorization: `Bearer ${KEYS.operator}`, "sec-fetch-site": "cross-site" };
  expect((await post(assertion, "/v1/jobs", TEXT, headers)).status).toBe(201);
});

test("while it is off no assertion is accepted, and no keys are read", async () => {
  await configure({ ACCESS_TEAM_DOMAIN: "", ACCESS_AUD: "", ACCESS_MEMBERS: "" });
  const refused = await problemOf(await send(await signer.sign(ANNA), "/v1/keys/self"));
  expect(refused).toEqual({ status: 401, code: "unauthorized", detail: "Send 'Authorization: Bearer <key>'." });
  expect(signer.asked).toEqual([]);
});

test("an assertion that Access did not make for this deployment is refused with what to do", async () => {
  const now = Math.floor(Date.now() / 1000);
  const other = await startSigner("elsewhere");
  const [head, , signature] = (await signer.sign(ANNA)).split(".");
  const [, payload] = (await signer.sign(BEN)).split(".");
  const refusals: Record<string, [assertion: string | Promise<string>, why: RegExp]> = {
    "no algorithm": [signer.unsigned(ANNA), /not signed by RS256/],
    "the public key as a secret": [signer.signByPublicKey(ANNA), /not signed by RS256/],
    "another team's key": [other.sign(ANNA, { claims: { iss: `https://${signer.domain}` } }), /signature is wrong/],
    "an unknown key": [signer.sign(ANNA, { header: { kid: "unknown" } }), /does not publish/],
    "another body": [`${head}.${payload}.${signature}`, /signature is wrong/],
    "another application": [signer.sign(ANNA, { claims: { aud: ["f".repeat(64)] } }), /ACCESS_AUD/],
    "no application": [signer.sign(ANNA, { claims: { aud: undefined } }), /'aud'|ACCESS_AUD/],
    "another team": [signer.sign(ANNA, { claims: { iss: "https://evil.cloudflareaccess.com" } }), /ACCESS_TEAM_DOMAIN/],
    "not yet": [signer.sign(ANNA, { claims: { nbf: now + 600 } }), /not valid yet/],
    expired: [signer.sign(ANNA, { claims: { exp: now - 1 } }), /has expired\. Reload the page/],
    "without an end": [signer.sign(ANNA, { claims: { exp: undefined } }), /'exp'/],
    "an end that is no time": [signer.sign(ANNA, { claims: { exp: "later" } }), /'exp'/],
    "no address": [signer.sign(ANNA, { claims: { email: undefined } }), /names no address/],
    "a group's name for an address": [signer.sign("group:editors@example.com"), /names no address/],
    "a service token": [
      signer.sign("", { claims: { email: undefined, sub: "", common_name: "e367.access" } }),
      /A program must send an API key/,
    ],
    garbage: ["a.b.c", /not a signed token/],
    "too long": [`${"a".repeat(20_000)}.b.c`, /too long/],
  };
  for (const [what, [assertion, why]] of Object.entries(refusals)) {
    const response = await post(await assertion, "/v1/jobs", TEXT);
    expect(response.headers.get("www-authenticate")).toContain("Bearer");
    const refused = await problemOf(response);
    expect([what, refused.status, refused.code]).toEqual([what, 401, "access_refused"]);
    expect([what, refused.detail]).toEqual([what, expect.stringMatching(why)]);
  }
  await other.stop();
  const { jobs } = await (await darkroom.api("/v1/jobs")).json<{ jobs: unknown[] }>();
  expect(jobs).toEqual([]);
  const log = JSON.stringify(darkroom.logs());
  expect([head, payload, signature, ANNA].filter((secret) => log.includes(secret!))).toEqual([]);
});

test("assertions with unknown keys cause one read of the team's keys, however many come", async () => {
  expect((await whoIs(ANNA)).label).toBe(ANNA);
  for (let index = 0; index < 20; index += 1) {
    const assertion = await signer.sign(ANNA, { header: { kid: `unknown-${index}` } });
    expect((await send(assertion, "/v1/keys/self")).status).toBe(401);
  }
  expect(signer.asked).toEqual([`/${signer.domain}/cdn-cgi/access/certs`]);
});

test("the first requests of an isolate, all at once, read the team's keys once", async () => {
  const assertion = await signer.sign(ANNA);
  const answers = await Promise.all(Array.from({ length: 8 }, () => send(assertion, "/v1/keys/self")));
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
  expect(signer.asked).toHaveLength(1);
});

test("while the team's keys cannot be read, the answer says so, and API keys work", async () => {
  signer.answer(500);
  for (const _ of [1, 2]) {
    const response = await send(await signer.sign(ANNA), "/v1/keys/self");
    expect(response.headers.get("retry-after")).toBe("5");
    const refused = await problemOf(response);
    expect(refused).toMatchObject({ status: 503, code: "unavailable" });
    expect(refused.detail).toContain(`https://${signer.domain}/cdn-cgi/access/certs`);
  }
  expect((await darkroom.api("/v1/keys/self")).status).toBe(200);
  // Shortly after a failure, the keys are not read again.
  expect(signer.asked).toHaveLength(1);
  signer.answer(200);
  await until(
    async () => (await send(await signer.sign(ANNA), "/v1/keys/self")).status,
    (status) => status === 200,
  );
});

test("a request that another site made the browser send is refused, whatever the method", async () => {
  const assertion = await signer.sign(ANNA);
  const from = (headers: Record<string, string>) => ({ "sec-fetch-site": "-", ...headers });
  const evil = [
    from({ "sec-fetch-site": "cross-site", origin: "https://evil.example" }),
    from({ "sec-fetch-site": "same-site", origin: "https://other.darkroom.example" }),
    // Another site cannot make a browser send both headers.
    from({ "sec-fetch-site": "cross-site", origin: ORIGIN }),
    from({ origin: "https://evil.example" }),
    from({ origin: "null" }),
    from({ origin: "http://darkroom.example" }),
  ];
  const silent = from({});
  const typed = from({ "sec-fetch-site": "none" });
  for (const headers of [...evil, silent, typed]) {
    const form = { ...headers, "content-type": "text/plain" };
    const refused = await problemOf(await post(assertion, "/v1/jobs", TEXT, form));
    expect([headers, refused]).toMatchObject([headers, { status: 403, code: "cross_site" }]);
    const deleted = await send(assertion, "/v1/jobs/some-job", { method: "DELETE", headers });
    expect([headers, deleted.status]).toEqual([headers, 403]);
  }
  for (const headers of evil) expect((await send(assertion, "/v1/search?q=day", { headers })).status).toBe(403);
  for (const headers of [silent, typed]) expect((await send(assertion, "/v1/jobs", { headers })).status).toBe(200);
  for (const route of Object.keys(SCOPES_OF)) {
    const [method = "", path = ""] = route.split(" ");
    const address = path.replaceAll(/:\w+(?:\{[^}]*\})?/g, "anything");
    const { status } = await send(assertion, address, { method, headers: evil[0]! });
    expect([route, status]).toEqual([route, 403]);
  }
  expect((await (await darkroom.api("/v1/jobs")).json<{ jobs: unknown[] }>()).jobs).toEqual([]);
  expect((await post(assertion, "/v1/jobs", TEXT, from({ origin: ORIGIN }))).status).toBe(201);
});

// A shared cache stores no answer to a request with `Authorization` (RFC 9111, 3.5). A request through Access does not have that header.
test("no shared cache may keep the answers to a signed-in person", async () => {
  const assertion = await signer.sign(ANNA);
  const { id } = await (await post(assertion, "/v1/jobs", TEXT)).json<{ id: string }>();
  await darkroom.untilJob(id);
  const ofJob = ["", "/receipt", "/events"].map((rest) => `/v1/jobs/${id}${rest}`);
  const ofOwner = ["jobs", "keys", "keys/self", "audit", "usage", "webhooks", "checks", "dead-letters", "nothing"];
  const paths = [...ofJob, ...ofOwner.map((rest) => `/v1/${rest}`), "/openai/v1/models", "/replicate/v1/predictions"];
  for (const path of paths) {
    const response = await send(assertion, path);
    await response.body?.cancel();
    expect([path, response.headers.get("cache-control")]).toEqual([path, expect.stringMatching(/private|no-store/)]);
  }
});

test("the acts of a person are in the audit log, and their edits in the history, with their address", async () => {
  const assertion = await signer.sign(ANNA);
  const { id } = await darkroom.upload({ name: "a.wav" }, speech("zero one two"));
  await darkroom.untilJob(id);
  const paused = await post(assertion, "/v1/queues/classification/pause", { note: "for a moment" });
  expect(paused.status).toBe(200);
  const { audit } = await (await darkroom.api("/v1/audit")).json<{ audit: { actor: string; act: string }[] }>();
  expect(audit[0]).toMatchObject({ actor: `access:${ANNA}`, act: "kind.pause" });

  const read = await send(assertion, `/v1/jobs/${id}/transcript`);
  const edited = await send(assertion, `/v1/jobs/${id}/transcript`, {
    method: "PATCH",
    headers: { "if-match": read.headers.get("etag")! },
    body: JSON.stringify({ operations: [{ op: "replace", segment: 0, word: 0, words: [{ text: "nought" }] }] }),
  });
  expect([edited.status, edited.ok ? "" : await edited.text()]).toEqual([200, ""]);
  const history = await send(assertion, `/v1/jobs/${id}/transcript/history`);
  const { versions } = await history.json<{ versions: { version: number; keyId: string | null }[] }>();
  expect(versions.find(({ version }) => version === 1)?.keyId).toBe(ANNA);
});

test("a key that a person creates lasts as long as they say, and does not end with the session", async () => {
  const made = await post(await signer.sign(ANNA), "/v1/keys", { label: "web shop", scopes: ["jobs:read"] });
  expect(made.status).toBe(201);
  expect(await made.json()).toMatchObject({ ownerId: "operator", expiresAt: null });
  // The person is not a key that could be revoked or counted.
  const { keys } = await (await darkroom.api("/v1/keys")).json<{ keys: { id: string; label: string }[] }>();
  expect(keys.filter(({ label }) => label === ANNA)).toEqual([]);
  const { id } = await whoIs(ANNA);
  const revoked = await problemOf(await darkroom.api(`/v1/keys/${id}`, { method: "DELETE" }));
  expect(revoked).toMatchObject({ status: 404, code: "key_not_found" });
});

test("a link that a person signs ends with their assertion, and with their entry", async () => {
  const exp = Math.floor(Date.now() / 1000) + 90;
  const { id } = await darkroom.submit(TEXT);
  await darkroom.untilJob(id);
  const assertion = await signer.sign(ANNA, { claims: { exp } });
  const body = { links: [{ to: "events" }], expiresInSeconds: 3600 };
  const signed = await post(assertion, `/v1/jobs/${id}/links`, body);
  expect(signed.status).toBe(201);
  const [link] = (await signed.json<{ links: { url: string; expiresAt: string }[] }>()).links;
  expect(Date.parse(link!.expiresAt)).toBeLessThanOrEqual(exp * 1000);
  // It may be passed to anybody, so it does not name the person who made it.
  expect(link!.url).not.toMatch(/anna|example\.com/);

  const open = async () => {
    const response = await darkroom.raw(link!.url, { headers: { "sec-fetch-site": "cross-site" } });
    await response.body?.cancel();
    return response.status;
  };
  expect(await open()).toBe(200);
  const ends: Record<string, object[]> = {
    "without the line": MEMBERS.slice(1),
    "for another owner": [{ ...MEMBERS[0], ownerId: "newsroom" }],
    "without the scope": [{ ...MEMBERS[0], scopes: ["jobs:write"] }],
  };
  for (const [how, members] of Object.entries(ends)) {
    await configure({ ACCESS_MEMBERS: JSON.stringify(members) });
    expect([how, await open()]).toEqual([how, 401]);
  }
  await configure({ ACCESS_TEAM_DOMAIN: "", ACCESS_AUD: "", ACCESS_MEMBERS: "" });
  expect(await open()).toBe(401);
  // With other scopes, or by another entry, it is still theirs.
  const [first, group, domain] = MEMBERS;
  await configure({ ACCESS_MEMBERS: JSON.stringify([group, { ...first, scopes: ["jobs:read"] }, domain]) });
  expect(await open()).toBe(200);
  // An entry of another owner gives no access to this owner's data.
  const url = new URL(link!.url);
  url.searchParams.set("by", (await whoIs(BEN)).id);
  expect((await darkroom.raw(url.href, {})).status).toBe(401);
});

test("an upload of a person becomes a job while they may sign in, and not after", async () => {
  const { id: keyId } = await whoIs(ANNA);
  const metadata = { owner: "operator", "key-id": keyId };
  const put = (name: string) =>
    darkroom.putAndAnnounce(`inbox/uploads/${crypto.randomUUID()}/${name}`, "A fine day.", metadata);
  await put("first.txt");
  const readAll = async () => (await darkroom.api("/v1/jobs")).json<{ jobs: { id: string }[] }>();
  await until(readAll, ({ jobs }) => jobs.length === 1);
  await configure({ ACCESS_MEMBERS: JSON.stringify(MEMBERS.slice(1)) });
  await put("second.txt");
  const readIgnored = async () =>
    (await darkroom.api("/v1/uploads")).json<{ uploads: { key: string; ignoredReason: string | null }[] }>();
  const { uploads } = await until(readIgnored, (found) => found.uploads.some(({ key }) => key.endsWith("second.txt")));
  expect(uploads.find(({ key }) => key.endsWith("second.txt"))?.ignoredReason).toMatch(/may no longer sign in/);
  expect((await readAll()).jobs).toHaveLength(1);
});

test("a person who sends too many requests is limited, and does not hold up others of the same entry", async () => {
  await configure({ [FEW_REQUESTS]: "true" });
  const [one, other] = [await signer.sign(BEN), await signer.sign("carla@example.com")];
  const statuses: number[] = [];
  for (let index = 0; index <= 2 * FEW_REQUESTS_A_MINUTE && !statuses.includes(429); index += 10) {
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(one, "/v1/jobs")));
    statuses.push(...answers.map(({ status }) => status));
  }
  expect(statuses).toContain(429);
  expect((await send(other, "/v1/jobs")).status).toBe(200);
});

test("a request that is still being sent when the session ends is refused, and does nothing", async () => {
  const assertion = await signer.sign(ANNA, { claims: { exp: Math.floor(Date.now() / 1000) + 4 } });
  const body = JSON.stringify(TEXT);
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const headers = { "cf-access-jwt-assertion": assertion, origin: darkroom.origin(), "content-length": body.length };
  const sending = request(`${darkroom.origin()}/v1/jobs`, { method: "POST", headers }, (response) => {
    const parts: Buffer[] = [];
    response.on("data", (part: Buffer) => parts.push(part));
    response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() }));
  });
  sending.on("error", reject);
  sending.write(body.slice(0, -2));
  await new Promise((wake) => setTimeout(wake, KEY_LOOKED_UP_MS + 2000));
  sending.end(body.slice(-2));
  const { status, text } = await promise;
  const refusal = { code: "access_refused", detail: expect.stringContaining("has expired") };
  expect([status, JSON.parse(text)]).toMatchObject([401, refusal]);
  expect((await (await darkroom.api("/v1/jobs")).json<{ jobs: unknown[] }>()).jobs).toEqual([]);
});

test("a stream keeps its place until the session ends", async () => {
  const { DB } = darkroom.bindings();
  const place = { keyId: "access-of-somebody", id: "a stream" };
  const now = Date.now();
  const held: boolean[] = [];
  for (const endsAt of [now + 1, now, now - 1, null]) held.push(await holdStream(DB, place, { now, endsAt }));
  expect(held).toEqual([true, false, false, false]);
});

test("a signed-in person follows a job to its end", async () => {
  const assertion = await signer.sign(ANNA);
  const { id } = await (await post(assertion, "/v1/jobs", TEXT)).json<{ id: string }>();
  const followed = await send(assertion, `/v1/jobs/${id}/events`);
  expect(followed.status).toBe(200);
  expect(await followed.text()).toContain("event: done");
});

test("with wrong variables nobody can sign in, and the operator's checks say so", async () => {
  await configure({ ACCESS_AUD: "the tag" });
  const refused = await problemOf(await send(await signer.sign(ANNA), "/v1/keys/self"));
  expect(refused).toMatchObject({ status: 503, code: "unavailable" });
  expect(refused.detail).toContain("ACCESS_AUD is not the AUD tag");
  const { checks } = await (
    await darkroom.api("/v1/checks")
  ).json<{ checks: { name: string; state: string; detail: string }[] }>();
  const found = checks.find(({ name }) => name === "access");
  expect(found).toMatchObject({ state: "missing", detail: expect.stringContaining("ACCESS_AUD is not the AUD tag") });
  await configure();
  const { checks: after } = await (
    await send(await signer.sign(ANNA), "/v1/checks")
  ).json<{ checks: { name: string; state: string; detail: string }[] }>();
  expect(after.find(({ name }) => name === "access")).toMatchObject({
    state: "ok",
    detail: `It is on: people of https://${signer.domain} sign in, by 3 entries of ACCESS_MEMBERS.`,
  });
});
