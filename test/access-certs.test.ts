// The three variables of Cloudflare Access, and how long its public keys are remembered.
import { decodeProtectedHeader, type FlattenedJWSInput } from "jose";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { CertsUnavailable, keysOfTeam } from "../producer/access/certs.ts";
import { createJournal } from "../shared/jobs/journal.ts";
import {
  accessIdOf,
  type AccessMember,
  accessOf,
  type AccessVars,
  lowerCase,
  memberOf,
  memberOfId,
} from "../shared/keys/access.ts";
import { AUDIENCE, type Signer, startSigner } from "./access-signer.ts";
import { createProject } from "./deploying.ts";

const MEMBER = { who: "anna@example.com", ownerId: "operator", scopes: ["jobs:read"] };
const VARS = { ACCESS_TEAM_DOMAIN: "example.cloudflareaccess.com", ACCESS_AUD: AUDIENCE, ACCESS_MEMBERS: [MEMBER] };

let signer: Signer;
let teams = 0;
const { fetch: fetchAnything } = globalThis;

beforeEach(async () => {
  teams += 1;
  signer = await startSigner(`remembered-${teams}`);
  vi.useFakeTimers({ toFake: ["Date"] });
  // The address of the keys is fixed. Here it leads to the signer's server.
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
    const { hostname, pathname } = new URL(url);
    return fetchAnything(`${signer.url}/${hostname}${pathname}`, init);
  });
});
afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  await signer.stop();
});

/** Find the key of an assertion as this isolate does. */
async function find(assertion: string): Promise<unknown> {
  const header = decodeProtectedHeader(assertion);
  return keysOfTeam(`https://${signer.domain}`, createJournal())(header as never, {} as FlattenedJWSInput);
}

const pause = (ms: number) =>
  new Promise<string>((resolve) => {
    setTimeout(() => resolve("not within time"), ms);
  });

const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

test("keys are read again after ten minutes, and the old ones stay valid while they cannot be read", async () => {
  const assertion = await signer.sign("anna@example.com");
  await find(assertion);
  pass(9 * 60_000);
  await find(assertion);
  expect(signer.asked).toHaveLength(1);
  signer.answer(503);
  pass(2 * 60_000);
  await find(assertion);
  expect(signer.asked).toHaveLength(2);
  // They are not read again at once.
  await find(assertion);
  expect(signer.asked).toHaveLength(2);
  pass(24 * 3_600_000);
  await find(assertion);
  expect(signer.asked).toHaveLength(3);
  signer.answer(200);
  pass(6000);
  await find(assertion);
  await find(assertion);
  expect(signer.asked).toHaveLength(4);
});

test("a newer key is found, and the older one is accepted as long as the team publishes it", async () => {
  const old = await signer.sign("anna@example.com");
  await find(old);
  await signer.rotate();
  const fresh = await signer.sign("anna@example.com");
  pass(11_000);
  await find(fresh);
  await find(old);
  expect(signer.asked).toHaveLength(2);
  // After two rotations, and once the keys are read again, the key is gone.
  await signer.rotate();
  pass(11 * 60_000);
  await find(await signer.sign("anna@example.com"));
  await expect(find(old)).rejects.toThrow(/no applicable key/);
});

test("unknown keys cause one read in ten seconds, however many come at once", async () => {
  const known = await signer.sign("anna@example.com");
  const unknown = await signer.sign("anna@example.com", { header: { kid: "unknown" } });
  await find(known);
  for (const _ of [1, 2, 3]) {
    pass(11_000);
    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => find(unknown)));
    expect(answers.filter(({ status }) => status === "rejected")).toHaveLength(20);
  }
  expect(signer.asked).toHaveLength(4);
  await find(known);
});

test("while the team's keys cannot be read, an unknown key may be a new one, so it is not refused", async () => {
  await find(await signer.sign("anna@example.com"));
  await signer.rotate();
  const fresh = await signer.sign("anna@example.com");
  pass(11_000);
  signer.answer(503);
  for (const _ of [1, 2]) await expect(find(fresh)).rejects.toThrow(CertsUnavailable);
  expect(signer.asked).toHaveLength(2);
  signer.answer(200);
  pass(6000);
  await find(fresh);
});

test("while one request waits for keys that are due, the others use those of before", async () => {
  const assertion = await signer.sign("anna@example.com");
  await find(assertion);
  pass(11 * 60_000);
  const { promise, reject } = Promise.withResolvers<Response>();
  const stubbed = globalThis.fetch;
  vi.stubGlobal("fetch", () => promise);
  const waiting = find(assertion);
  const others = Promise.all([find(assertion), find(assertion)]).then(() => "at once");
  expect(await Promise.race([others, waiting.then(() => "after it"), pause(2000)])).toBe("at once");
  vi.stubGlobal("fetch", stubbed);
  reject(new Error("the connection broke"));
  await waiting;
});

test("a read that fails late does not discard the keys that another read has found since", async () => {
  const assertion = await signer.sign("anna@example.com");
  const { promise, reject } = Promise.withResolvers<Response>();
  const stubbed = globalThis.fetch;
  vi.stubGlobal("fetch", () => promise);
  const late = find(assertion);
  vi.stubGlobal("fetch", stubbed);
  pass(6000);
  await find(assertion);
  reject(new Error("the connection broke"));
  await late;
  await find(assertion);
  expect(signer.asked).toHaveLength(1);
});

// The harness follows redirects itself, so workerd cannot show this.
test("a redirect to other keys is not followed", async () => {
  const assertion = await signer.sign("anna@example.com");
  signer.answer(302);
  await expect(find(assertion)).rejects.toThrow(CertsUnavailable);
  expect(signer.asked).toEqual([`/${signer.domain}/cdn-cgi/access/certs`]);
});

test("an answer that is not a set of keys is ignored", async () => {
  const assertion = await signer.sign("anna@example.com");
  for (const [index, text] of ["<html>", "{}", '{"keys":7}', `{"keys":[],"more":"${"x".repeat(200_000)}"}`].entries()) {
    vi.stubGlobal("fetch", async () => new Response(text));
    pass(index * 6000);
    await expect(find(assertion)).rejects.toThrow(CertsUnavailable);
  }
});

test("the variables are all set or none, and the message says which one is wrong", () => {
  const off = { ACCESS_TEAM_DOMAIN: "", ACCESS_AUD: "", ACCESS_MEMBERS: "" };
  expect(accessOf(off)).toEqual({ state: "off" });
  expect(accessOf({ ...off, ACCESS_MEMBERS: [] })).toEqual({ state: "off" });
  const settings = { issuer: "https://example.cloudflareaccess.com", audiences: [AUDIENCE], members: [MEMBER] };
  for (const domain of ["example.cloudflareaccess.com", "https://Example.cloudflareaccess.com/"]) {
    expect(accessOf({ ...VARS, ACCESS_TEAM_DOMAIN: domain })).toEqual({ state: "on", settings });
  }
  // A secret or a variable of the dashboard is text.
  expect(accessOf({ ...VARS, ACCESS_MEMBERS: JSON.stringify([MEMBER]) })).toEqual({ state: "on", settings });
  const many = accessOf({ ...VARS, ACCESS_AUD: ` ${AUDIENCE}, ${"a".repeat(64)} ` });
  expect(many).toMatchObject({ settings: { audiences: [AUDIENCE, "a".repeat(64)] } });

  const wrong: [Partial<Record<keyof AccessVars, unknown>>, RegExp][] = [
    [{ ACCESS_TEAM_DOMAIN: "" }, /^ACCESS_TEAM_DOMAIN is not/],
    ...[
      "example.com",
      "evil.example/.cloudflareaccess.com",
      "a.b.cloudflareaccess.com",
      "http://x.cloudflareaccess.com",
    ].map((domain) => [{ ACCESS_TEAM_DOMAIN: domain }, /^ACCESS_TEAM_DOMAIN is not/] as [object, RegExp]),
    [{ ACCESS_TEAM_DOMAIN: "x.cloudflareaccess.com.evil.example" }, /^ACCESS_TEAM_DOMAIN is not/],
    [{ ACCESS_TEAM_DOMAIN: "x.cloudflareaccess.com@evil.example" }, /^ACCESS_TEAM_DOMAIN is not/],
    [{ ACCESS_AUD: "" }, /^ACCESS_AUD is not/],
    // JSON in wrangler.jsonc allows these values, and a variable does not.
    [{ ACCESS_AUD: [AUDIENCE] }, /^ACCESS_AUD is not/],
    [{ ACCESS_TEAM_DOMAIN: ["example.cloudflareaccess.com"] }, /^ACCESS_TEAM_DOMAIN is not/],
    [{ ACCESS_MEMBERS: null }, /^ACCESS_MEMBERS /],
    [{ ACCESS_AUD: `${AUDIENCE},nonsense` }, /^ACCESS_AUD is not/],
    [{ ACCESS_MEMBERS: "" }, /^ACCESS_MEMBERS is not JSON/],
    [{ ACCESS_MEMBERS: "[" }, /^ACCESS_MEMBERS is not JSON/],
    [{ ACCESS_MEMBERS: "[]" }, /^ACCESS_MEMBERS names nobody/],
    [{ ACCESS_MEMBERS: [{ ...MEMBER, who: "anna" }] }, /^ACCESS_MEMBERS at 0\.who: is neither an address/],
    [{ ACCESS_MEMBERS: [{ ...MEMBER, who: "*" }] }, /is neither an address/],
    [{ ACCESS_MEMBERS: [MEMBER, { ...MEMBER, who: "group:staff", scopes: [] }] }, /at 1\.scopes: has no scope/],
    [{ ACCESS_MEMBERS: [MEMBER, { ...MEMBER, who: "Anna@example.com" }] }, /at 1\.who: .* entry 0 names 'anna@/],
    [{ ACCESS_MEMBERS: [{ ...MEMBER, who: "@example.com" }, MEMBER] }, /at 1\.who: .* entry 0 names '@example\.com'/],
    [{ ACCESS_MEMBERS: [{ ...MEMBER, scopes: ["jobs"] }] }, /at 0\.scopes\.0/],
    [{ ACCESS_MEMBERS: [{ ...MEMBER, ownerId: "account" }] }, /is the name of the whole account/],
    [{ ACCESS_MEMBERS: [{ ...MEMBER, ownerId: "two words" }] }, /at 0\.ownerId/],
    [{ ACCESS_MEMBERS: [{ ...MEMBER, role: "admin" }] }, /at 0: Unrecognized key/],
    [{ ACCESS_MEMBERS: Array.from({ length: 201 }, () => MEMBER) }, /more than 200/],
  ];
  for (const [vars, why] of wrong) {
    expect([vars, accessOf({ ...VARS, ...vars } as AccessVars)]).toEqual([
      vars,
      { state: "wrong", why: expect.stringMatching(why) },
    ]);
  }
});

test("an id belongs only to its entry, and does not name a person", async () => {
  const access = accessOf(VARS);
  if (access.state !== "on") throw new Error("it is on");
  const [member] = access.settings.members;
  const ids = await Promise.all(
    ["anna@example.com", "ben@example.com"].map((address) => accessIdOf(member!, { address, groups: [] })),
  );
  expect(new Set(ids).size).toBe(2);
  for (const id of ids) {
    expect(id).toMatch(/^access-[0-9a-f]{16}-[0-9a-f]{16}$/);
    expect(await memberOfId(access, id)).toEqual(MEMBER);
  }
  for (const changed of [
    { ...MEMBER, who: "@example.com" },
    { ...MEMBER, ownerId: "other" },
  ]) {
    expect(await memberOfId(accessOf({ ...VARS, ACCESS_MEMBERS: [changed] }), ids[0]!)).toBeNull();
  }
  for (const id of ["operator", "access-", "access", "k1234"]) expect(await memberOfId(access, id)).toBeNull();
  expect(await memberOfId({ state: "off" }, ids[0]!)).toBeNull();
});

test("an id ends when an entry for the address itself comes before the one that it was made from", async () => {
  const domain = { who: "@example.com", ownerId: "newsroom", scopes: ["jobs:read"] };
  const withEntries = (...entries: object[]) => accessOf({ ...VARS, ACCESS_MEMBERS: entries });
  const anna = { address: "anna@example.com", groups: [] };
  const ben = { address: "ben@example.com", groups: [] };
  const [idOfAnna, idOfBen] = await Promise.all(
    [anna, ben].map((person) => accessIdOf(domain as AccessMember, person)),
  );
  const moved = withEntries({ ...domain, who: "anna@example.com", scopes: ["jobs:write"] }, domain);
  expect(await memberOfId(moved, idOfAnna!)).toBeNull();
  expect(await memberOfId(moved, idOfBen!)).toEqual(domain);
  // An entry without scopes locks a person out, even if a later entry names them.
  const without = withEntries({ ...domain, who: "anna@example.com", scopes: [] }, domain);
  if (without.state !== "on") throw new Error("it is on");
  expect(memberOf(without.settings.members, anna)).toBeNull();
  expect(memberOf(without.settings.members, ben)).toEqual(domain);
  expect(await memberOfId(without, idOfAnna!)).toBeNull();
  expect(await memberOfId(withEntries({ ...domain, scopes: [] }), idOfBen!)).toBeNull();
});

test("a letter that only looks like another counts as different", () => {
  const access = accessOf({ ...VARS, ACCESS_MEMBERS: [{ ...MEMBER, who: "Kate@Example.com" }] });
  if (access.state !== "on") throw new Error("it is on");
  const { members } = access.settings;
  // The Kelvin sign, which toLowerCase() turns into a k.
  expect(memberOf(members, { address: lowerCase("\u212Aate@example.com"), groups: [] })).toBeNull();
  expect(memberOf(members, { address: lowerCase("KATE@EXAMPLE.COM"), groups: [] })).toMatchObject({
    who: "kate@example.com",
  });
});

test("a deployment with wrong variables stops before it creates anything", async () => {
  vi.useRealTimers();
  // This is a list, like ACCESS_MEMBERS.
  const vars = { ...VARS, ACCESS_AUD: [AUDIENCE] };
  const project = await createProject((config) =>
    // The first `vars` belong to production.
    config.replace('"vars": {', `"vars": {${JSON.stringify(vars).slice(1, -1)},`),
  );
  const platform = await project.account();
  const ended = await project.deploy();
  expect(ended.exitCode).toBe(1);
  expect(ended.output).toMatch(/let nobody sign in with Cloudflare Access\. ACCESS_AUD is not the AUD tag/);
  expect([platform.databases.size, platform.buckets.size]).toEqual([0, 0]);
  await project.remove();
});
