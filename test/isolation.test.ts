// Every route with another owner's key, with a key that lacks its scope, and with none. A route that is not walked fails.
import { expect, test } from "vitest";

import { app } from "../producer/index.ts";
import { SCOPE_OF } from "../producer/scopes.ts";
import { KEYS, startDarkroom } from "./harness.ts";
import { speech } from "./speech.ts";

const darkroom = startDarkroom();

/** What the operator has, and another owner asks for. */
interface Belongings {
  readonly done: string;
  readonly waiting: string;
  readonly sourceKey: string;
  readonly letter: string;
  readonly redrive: string;
  readonly key: string;
}

interface Step {
  readonly path: (theirs: Belongings) => string;
  readonly body?: (theirs: Belongings) => unknown;
  /** The problem's code; null for an answer that may be given, and then says nothing of theirs. */
  readonly code: string | null;
}

const PUBLIC = new Set(["GET /healthz"]);

const WALK: Readonly<Record<string, Step>> = {
  "GET /v1/jobs": { path: () => "/v1/jobs?limit=100", code: null },
  "POST /v1/jobs": {
    path: () => "/v1/jobs",
    body: ({ sourceKey }) => ({ kind: "transcription", source: sourceKey }),
    code: "source_not_found",
  },
  "GET /v1/jobs/:id": { path: ({ done }) => `/v1/jobs/${done}`, code: "job_not_found" },
  "DELETE /v1/jobs/:id": { path: ({ waiting }) => `/v1/jobs/${waiting}`, code: "job_not_found" },
  "GET /v1/jobs/:id/artifacts/:name": {
    path: ({ done }) => `/v1/jobs/${done}/artifacts/transcript.txt`,
    code: "artifact_not_found",
  },
  "GET /v1/jobs/:id/transcript": { path: ({ done }) => `/v1/jobs/${done}/transcript`, code: "job_not_found" },
  "GET /v1/uploads": { path: () => "/v1/uploads", code: null },
  // Their own bytes, the same as theirs: a job of their own, and no result taken over.
  "POST /v1/uploads": { path: () => "/v1/uploads?name=same.mp3", code: null },
  "GET /v1/dead-letters": { path: () => "/v1/dead-letters?view=list&state=all", code: null },
  "GET /v1/dead-letters/:id": { path: ({ letter }) => `/v1/dead-letters/${letter}`, code: "dead_letter_not_found" },
  "POST /v1/dead-letters/:id/redrive": {
    path: ({ letter }) => `/v1/dead-letters/${letter}/redrive`,
    body: () => ({}),
    code: "dead_letter_not_found",
  },
  "POST /v1/dead-letters/:id/discard": {
    path: ({ letter }) => `/v1/dead-letters/${letter}/discard`,
    body: () => ({ note: "mine now" }),
    code: "dead_letter_not_found",
  },
  "GET /v1/redrives": { path: () => "/v1/redrives", code: null },
  "POST /v1/redrives": {
    path: () => "/v1/redrives",
    body: () => ({ filter: { all: true } }),
    code: "nothing_to_redrive",
  },
  "GET /v1/redrives/:id": { path: ({ redrive }) => `/v1/redrives/${redrive}`, code: "redrive_not_found" },
  "DELETE /v1/redrives/:id": { path: ({ redrive }) => `/v1/redrives/${redrive}`, code: "redrive_not_found" },
  "GET /v1/queues": { path: () => "/v1/queues", code: null },
  "POST /v1/queues/:kind/pause": { path: () => "/v1/queues/transcription/pause", body: () => ({}), code: "forbidden" },
  "POST /v1/queues/:kind/resume": {
    path: () => "/v1/queues/image_generation/resume",
    body: () => ({}),
    code: "forbidden",
  },
  "GET /v1/audit": { path: () => "/v1/audit?limit=100", code: null },
  "GET /v1/keys": { path: () => "/v1/keys?limit=100", code: null },
  "POST /v1/keys": {
    path: () => "/v1/keys",
    body: () => ({ label: "a way in", ownerId: "operator", scopes: ["admin"] }),
    code: "forbidden",
  },
  "DELETE /v1/keys/:id": { path: ({ key }) => `/v1/keys/${key}`, code: "key_not_found" },
};

const ROUTES = [
  ...new Set(app.routes.filter(({ method }) => method !== "ALL").map(({ method, path }) => `${method} ${path}`)),
].filter((route) => !PUBLIC.has(route));

async function call(route: string, theirs: Belongings, key: string | null): Promise<Response> {
  const { path, body } = WALK[route]!;
  const [method = "GET"] = route.split(" ");
  const upload = route === "POST /v1/uploads" ? speech("their words") : undefined;
  const content = body === undefined ? upload : JSON.stringify(body(theirs));
  return darkroom.api(path(theirs), { method, key, ...(content !== undefined && { body: content }) });
}

async function settle(): Promise<Belongings> {
  const { id: done, input } = await darkroom.upload({ name: "same.mp3" }, speech("their words"));
  await darkroom.untilJob(done);
  const broken = await darkroom.submit({ kind: "image_generation", prompt: "error:3010 broken" });
  await darkroom.untilJob(broken.id);
  await darkroom.post("/v1/queues/image_generation/pause", { note: "for the walk" });
  const waiting = await darkroom.submit({ kind: "image_generation", prompt: "their picture" });
  const letters = await darkroom.api("/v1/dead-letters?view=list");
  const letter = (await letters.json<{ deadLetters: { id: string }[] }>()).deadLetters[0]!.id;
  const redrive = await darkroom.post("/v1/redrives", { filter: { all: true } });
  const key = await darkroom.post("/v1/keys", { label: "their key", scopes: ["jobs:read"] });
  return {
    done,
    waiting: waiting.id,
    sourceKey: (input as { source: { key: string } }).source.key,
    letter,
    redrive: (await redrive.json<{ id: string }>()).id,
    key: (await key.json<{ id: string }>()).id,
  };
}

/** All that the operator can see of it, without what time alone changes. */
async function inventory(theirs: Belongings): Promise<unknown> {
  const paths = [
    ...[theirs.done, theirs.waiting].map((id) => `/v1/jobs/${id}`),
    `/v1/dead-letters/${theirs.letter}`,
    `/v1/redrives/${theirs.redrive}`,
    "/v1/keys?ownerId=operator",
    "/v1/audit",
  ];
  return Promise.all(paths.map(async (path) => (await darkroom.api(path)).json()));
}

async function keyFor(ownerId: string, ...scopes: string[]): Promise<string> {
  const response = await darkroom.post("/v1/keys", { label: "for a test", ownerId, scopes });
  return (await response.json<{ key: string }>()).key;
}

test("every route is walked, and says which scope it wants", () => {
  expect(ROUTES.toSorted()).toEqual(Object.keys(WALK).toSorted());
  expect(Object.keys(SCOPE_OF).toSorted()).toEqual(ROUTES.toSorted());
});

test("another owner's key, with every scope, sees and changes nothing", async () => {
  const theirs = await settle();
  const stranger = await keyFor("ben", "jobs:read", "jobs:write", "admin");
  const before = await inventory(theirs);
  const ids = [theirs.done, theirs.waiting, theirs.sourceKey, theirs.letter, theirs.redrive, theirs.key, '"operator"'];

  const answers: Record<string, string | null> = {};
  for (const route of ROUTES) {
    const response = await call(route, theirs, stranger);
    const text = await response.text();
    const { code = null } = response.ok ? {} : (JSON.parse(text) as { code?: string });
    answers[route] = code;
    // A problem may repeat the id that was asked for, and nothing else of them.
    const tells = response.ok ? ids : ["their words", "their picture", "their key"];
    expect([route, tells.filter((word) => text.includes(word))]).toEqual([route, []]);
  }
  expect(answers).toEqual(Object.fromEntries(ROUTES.map((route) => [route, WALK[route]!.code])));
  expect(await inventory(theirs)).toEqual(before);
});

test("without a key no route answers, and one that lacks a scope is told which", async () => {
  const theirs = await settle();
  const keys = {
    "jobs:read": await keyFor("operator", "jobs:read"),
    "jobs:write": await keyFor("operator", "jobs:write"),
    admin: await keyFor("operator", "admin"),
  };
  const before = await inventory(theirs);
  for (const route of ROUTES) {
    const scope = SCOPE_OF[route]!;
    expect([route, (await call(route, theirs, null)).status]).toEqual([route, 401]);
    expect([route, (await call(route, theirs, KEYS.revoked)).status]).toEqual([route, 401]);
    for (const [own, key] of Object.entries(keys)) {
      if (own === scope) continue;
      const response = await call(route, theirs, key);
      expect([route, own, response.status]).toEqual([route, own, 403]);
      expect(await response.json()).toMatchObject({ code: "insufficient_scope" });
      expect(response.headers.get("www-authenticate")).toContain(`error="insufficient_scope", scope="${scope}"`);
    }
  }
  expect(await inventory(theirs)).toEqual(before);
});
