// Links that need no key: what they give access to, for how long, and that they end with the key that signed them.
import { expect, test } from "vitest";

import { KEYS, startDarkroom } from "./harness.ts";
import { speech } from "./speech.ts";

const darkroom = startDarkroom();

interface Link {
  readonly to: string;
  readonly url: string;
  readonly expiresAt: string;
}

async function transcribed(words = "zero one two"): Promise<string> {
  const { id } = await darkroom.upload({ name: "a.wav" }, speech(words));
  await darkroom.untilJob(id);
  return id;
}

async function sign(
  id: string,
  links: readonly object[],
  { key = KEYS.operator, ...more }: { key?: string; expiresInSeconds?: number } = {},
) {
  const response = await darkroom.post(`/v1/jobs/${id}/links`, { links, ...more }, key);
  expect(response.status).toBe(201);
  return (await response.json<{ links: Link[] }>()).links;
}

/** Open a link as a browser does: with its address, and without a key. */
const open = (url: string | URL, init: RequestInit = {}) => {
  const { pathname, search } = new URL(url);
  return darkroom.api(pathname + search, { ...init, key: null });
};

async function makeKey(more: object = {}) {
  const response = await darkroom.post("/v1/keys", { label: "signs", scopes: ["jobs:read"], ...more });
  return response.json<{ id: string; key: string }>();
}

const EVERY = [{ to: "source" }, { to: "transcript" }, { to: "events" }, { to: "artifact", name: "transcript.vtt" }];

test("a link opens what it was signed for, and its address holds no key", async () => {
  const id = await transcribed();
  const links = await sign(id, EVERY);
  expect(links.map(({ to }) => to)).toEqual(EVERY.map(({ to }) => to));
  const types: (string | null)[] = [];
  for (const { url } of links) {
    const response = await open(url);
    expect([url, response.status]).toEqual([url, 200]);
    types.push(response.headers.get("content-type"));
    await response.body?.cancel();
    expect(url).not.toContain(KEYS.operator.split("_").at(-1));
  }
  expect(types).toEqual(["audio/wav", "application/json", "text/event-stream", "text/vtt"]);
  // The signature does not cover another thing of the same job, or the same thing of another job.
  const [source, transcript] = links.map(({ url }) => new URL(url));
  const other = await transcribed("three");
  for (const path of [transcript!.pathname, source!.pathname.replace(id, other)]) {
    expect((await open(new URL(path + source!.search, source))).status).toBe(401);
  }
});

test("a player gets ranges of the recording, with the content type of its bytes", async () => {
  const bytes = speech("zero one two three");
  const { id } = await darkroom.upload({ name: "a.mp3" }, bytes);
  const [link] = await sign(id, [{ to: "source" }]);
  const part = await open(link!.url, { headers: { range: "bytes=10-19" } });
  expect([part.status, part.headers.get("content-range"), part.headers.get("content-type")]).toEqual([
    206,
    `bytes 10-19/${bytes.length}`,
    "audio/wav",
  ]);
  expect(new Uint8Array(await part.arrayBuffer())).toEqual(bytes.subarray(10, 20));
  expect((await open(link!.url, { headers: { range: `bytes=${bytes.length}-` } })).status).toBe(416);
  const whole = await open(link!.url);
  expect(new Uint8Array(await whole.arrayBuffer())).toEqual(bytes);
  const again = await open(link!.url, { headers: { "if-none-match": whole.headers.get("etag")! } });
  expect(again.status).toBe(304);
});

test("an upload that a browser would run is a download, whatever its content type says", async () => {
  const html = "<html><script>alert(1)</script></html>";
  const { id } = await darkroom.upload({ name: 'a"b<i>é.txt' }, html);
  const [link] = await sign(id, [{ to: "source" }]);
  const response = await open(link!.url);
  expect(response.headers.get("content-type")).toBe("application/octet-stream");
  expect(response.headers.get("content-disposition")).toMatch(
    /^attachment; filename="[\x20-\x7e]+"; filename\*=UTF-8''[\w.%-]+$/,
  );
  expect(response.headers.get("content-security-policy")).toBe("default-src 'none'; sandbox");
});

test("the answer says that a recording was deleted or overwritten", async () => {
  const id = await transcribed();
  const [link] = await sign(id, [{ to: "source" }]);
  const { input } = await darkroom.readJob(id);
  const { key } = (input as { source: { key: string } }).source;
  const { MEDIA } = darkroom.bindings();
  for (const change of [() => MEDIA.put(key, "another"), () => MEDIA.delete(key)]) {
    await change();
    const response = await open(link!.url);
    expect([response.status, await response.json()]).toMatchObject([404, { code: "source_not_found" }]);
  }
  const prompt = await darkroom.submit({ kind: "classification", text: "a fine day" });
  const response = await darkroom.api(`/v1/jobs/${prompt.id}/source`);
  expect([response.status, await response.json()]).toMatchObject([404, { code: "source_not_found" }]);
});

test("a transcript's link takes the format and the range that its holder sets, and nothing unknown", async () => {
  const id = await transcribed();
  const [link] = await sign(id, [{ to: "transcript", query: { format: "vtt", maxLineLength: 32 } }]);
  expect(await (await open(link!.url)).text()).toMatch(/^WEBVTT/);
  const url = new URL(link!.url);
  url.searchParams.set("format", "srt");
  url.searchParams.set("toMs", "100000");
  expect(await (await open(url)).text()).toMatch(/^1\n00:00:0/);
  url.searchParams.set("nonsense", "1");
  expect((await open(url)).status).toBe(422);
});

test("an EventSource follows a job by its link, resumes where it was, and learns of the end", async () => {
  const id = await transcribed();
  const [link] = await sign(id, [{ to: "events" }]);
  const text = await (await open(link!.url)).text();
  const lastId = [...text.matchAll(/^id: (.+)$/gm)].at(-1)![1]!;
  expect(text).toContain("event: done");
  expect((await open(link!.url, { headers: { "last-event-id": lastId } })).status).toBe(204);
});

test("a link ends with the key that signed it: revoked, expired, or without the scope", async () => {
  const id = await transcribed();
  const { DB } = darkroom.bindings();
  const ends: Record<string, (keyId: string) => Promise<unknown>> = {
    revoked: (keyId) => darkroom.api(`/v1/keys/${keyId}`, { method: "DELETE" }),
    expired: (keyId) => DB.prepare("UPDATE api_keys SET expires_at = 1 WHERE id = ?1").bind(keyId).run(),
    "without the scope": (keyId) =>
      DB.prepare(`UPDATE api_keys SET scopes = '["jobs:write"]' WHERE id = ?1`).bind(keyId).run(),
    gone: (keyId) => DB.prepare("DELETE FROM api_keys WHERE id = ?1").bind(keyId).run(),
  };
  for (const [how, end] of Object.entries(ends)) {
    const signer = await makeKey();
    const links = await sign(id, EVERY, { key: signer.key });
    const statuses = async () =>
      Promise.all(
        links.map(async ({ url }) => {
          const response = await open(url);
          await response.body?.cancel();
          return response.status;
        }),
      );
    expect([how, await statuses()]).toEqual([how, [200, 200, 200, 200]]);
    await end(signer.id);
    expect([how, await statuses()]).toEqual([how, [401, 401, 401, 401]]);
    // It is also invalid with another key's id, or without one.
    for (const by of ["operator", null]) {
      const url = new URL(links[0]!.url);
      if (by === null) url.searchParams.delete("by");
      else url.searchParams.set("by", by);
      expect((await open(url)).status).toBe(401);
    }
  }
});

test("a link is valid for as long as was asked, for a day at most, and no longer than its key", async () => {
  const id = await transcribed();
  const before = Date.now();
  const secondsOf = ({ expiresAt }: Link) => (Date.parse(expiresAt) - before) / 1000;
  const [hour] = await sign(id, [{ to: "source" }]);
  const [day] = await sign(id, [{ to: "source" }], { expiresInSeconds: 86_400 });
  expect(Math.round(secondsOf(hour!) / 10)).toBe(360);
  expect(Math.round(secondsOf(day!) / 10)).toBe(8640);
  const tooLong = await darkroom.post(`/v1/jobs/${id}/links`, { links: [{ to: "source" }], expiresInSeconds: 86_401 });
  expect([tooLong.status, await tooLong.json()]).toMatchObject([422, { issues: [{ path: "expiresInSeconds" }] }]);
  const { DB } = darkroom.bindings();
  const signer = await makeKey();
  await DB.prepare("UPDATE api_keys SET expires_at = ?1 WHERE id = ?2")
    .bind(before + 90_000, signer.id)
    .run();
  const [short] = await sign(id, [{ to: "source" }], { key: signer.key, expiresInSeconds: 86_400 });
  expect(secondsOf(short!)).toBeLessThanOrEqual(91);
  const [second] = await sign(id, [{ to: "source" }], { expiresInSeconds: 1 });
  await new Promise((resolve) => setTimeout(resolve, 2100));
  expect((await open(second!.url)).status).toBe(401);
});

test("a wrong request is refused, and a job of another owner does not exist", async () => {
  const id = await transcribed();
  const codeOf = async (links: unknown, key?: string) => {
    const response = await darkroom.post(`/v1/jobs/${id}/links`, { links }, key);
    return [response.status, (await response.json<{ code: string }>()).code];
  };
  const twentyOne = Array.from({ length: 21 }, () => ({ to: "source" }));
  for (const links of [[], [{ to: "everything" }], [{ to: "artifact" }], [{ to: "source", name: "a" }], twentyOne]) {
    expect(await codeOf(links)).toEqual([422, "invalid_request"]);
  }
  expect(await codeOf([{ to: "source" }], KEYS.other)).toEqual([404, "job_not_found"]);
  const { key } = await makeKey({ scopes: ["jobs:write"] });
  expect(await codeOf([{ to: "source" }], key)).toEqual([403, "insufficient_scope"]);
});
