// Who is signed in, and the client that calls for them: with their key, which is kept for the tab alone unless they ask for more, or
// without one where Cloudflare Access has let them in.
import { computed, signal } from "@preact/signals";

import { type Client, createClient, DarkroomError, type OwnKey } from "../../client/index.ts";
import { queryClient } from "./queries.ts";

export type Scope = OwnKey["scopes"][number];

interface SignedIn {
  /** Null for who is signed in with Cloudflare Access. */
  readonly key: string | null;
  readonly self: OwnKey;
}

/** Where the page stands with its key: before anybody signed in, while one is looked at, and after. */
export type Session =
  | { readonly state: "out"; readonly why: string | null }
  | { readonly state: "checking"; readonly key: string | null }
  | { readonly state: "unreachable"; readonly key: string | null; readonly isKept: boolean; readonly why: string }
  | ({ readonly state: "in" } & SignedIn);

const STORED_AS = "darkroom.key";

/** Whether Cloudflare Access let the page through (producer/page/serve-page.ts). */
export const isBehindAccess = document.documentElement.hasAttribute("data-behind-access");
/** Of Cloudflare Access, at every address that it guards. It ends the session for all of the team's applications. */
export const ACCESS_LOGOUT = "/cdn-cgi/access/logout";

const KEY_ENDED = "Your key has expired or has been revoked. Enter another one: nothing on this page is lost.";
const ACCESS_ENDED =
  "Your session with Cloudflare Access has ended. Sign in again in another tab and come back: nothing on this page is lost.";

export const session = signal<Session>({ state: "out", why: null });
/** Why the key of an open page is refused by now; the page stays as it is under the question for another. */
export const keyRefusal = signal<string | null>(null);
/** Whether the last call was answered. Not what the browser thinks of its network: on one's own machine none is needed. */
export const isReachable = signal(true);

const signedIn = computed(() => (session.value.state === "in" ? session.value : null));
const current = computed(() => (signedIn.value === null ? null : clientOf(signedIn.value.key)));

/** The client of whoever is signed in. @throws before that: no view is shown then. */
export function api(): Client {
  const { value } = current;
  if (value === null) throw new Error("nobody is signed in");
  return value;
}

/** The key itself, for calls that the client does not make; null for who is signed in with Cloudflare Access. */
export function ownKey(): string | null {
  return signedIn.value?.key ?? null;
}

/** What the API tells about the key that is signed in. */
export function ownSelf(): OwnKey | null {
  return signedIn.value?.self ?? null;
}

export function may(...scopes: readonly Scope[]): boolean {
  const has = signedIn.value?.self.scopes ?? [];
  return scopes.every((scope) => has.includes(scope));
}

export function isOperator(): boolean {
  return signedIn.value?.self.isOperator === true;
}

/** Take the key of the address (which `npm start` prints) or the one kept, and look at it; or ask whom Access has let in. */
export function startSession(): void {
  addEventListener("hashchange", () => {
    const given = takeKeyOfAddress();
    if (given !== null) void signIn(given, { isKept: false });
  });
  const given = takeKeyOfAddress();
  const kept = sessionStorage.getItem(STORED_AS) ?? localStorage.getItem(STORED_AS);
  if (given !== null) void signIn(given, { isKept: false });
  else void resume(kept);
}

/** A key that is kept and refused by now does not keep those out whom Access lets in. */
async function resume(kept: string | null): Promise<void> {
  if (kept !== null) await signIn(kept, { isKept: localStorage.getItem(STORED_AS) !== null });
  if (session.value.state === "out" && isBehindAccess) await signIn(null);
}

/**
 * @param key null to be signed in with Cloudflare Access.
 * @param isKept whether the browser remembers the key when the tab is closed.
 */
export async function signIn(key: string | null, { isKept } = { isKept: false }): Promise<void> {
  const before = session.value;
  const isOver = before.state === "in";
  if (!isOver) session.value = { state: "checking", key };
  try {
    const self = await clientOf(key).keys.self();
    if (key === null) forgetKey();
    else sessionStorage.setItem(STORED_AS, key);
    if (isKept && key !== null) localStorage.setItem(STORED_AS, key);
    else localStorage.removeItem(STORED_AS);
    // Another owner's answers are not theirs.
    if (isOver && before.self.ownerId !== self.ownerId) queryClient.clear();
    session.value = { state: "in", key, self };
    keyRefusal.value = null;
  } catch (error) {
    const isRefused = error instanceof DarkroomError && (error.status === 401 || error.code === "not_a_member");
    const why = error instanceof DarkroomError ? error.detail : String(error);
    if (isOver) keyRefusal.value = isRefused && key !== null ? `That key is refused. ${why}` : why;
    else if (isRefused) {
      forgetKey();
      session.value = { state: "out", why };
    } else session.value = { state: "unreachable", key, isKept, why };
  }
}

/** Before anybody is signed in: ask for a key, and try none that is kept. */
export function askForKey(): void {
  forgetKey();
  session.value = { state: "out", why: null };
}

/** Nothing of theirs stays in this tab: it begins anew. While something is uploaded the browser asks first. */
export function signOut(): void {
  const isByAccess = signedIn.value?.key === null;
  forgetKey();
  sessionStorage.clear();
  location.assign(isByAccess ? ACCESS_LOGOUT : "/");
}

function forgetKey(): void {
  sessionStorage.removeItem(STORED_AS);
  localStorage.removeItem(STORED_AS);
}

function clientOf(key: string | null): Client {
  return createClient({
    baseUrl: location.origin,
    key,
    async fetch(url, init) {
      // Where a session has ended, Access leads to its own page, which no call could read.
      const asked = key === null ? { ...init, redirect: "manual" as const } : init;
      const answer = await globalThis.fetch(url, asked).catch((error: unknown) => {
        if (init.signal?.aborted !== true) isReachable.value = false;
        throw error;
      });
      isReachable.value = true;
      const response = key === null && isOfAccess(answer) ? asRefusal(answer) : answer;
      if (response.status === 401 && signedIn.value !== null && key === signedIn.value.key) {
        keyRefusal.value = key === null ? ACCESS_ENDED : KEY_ENDED;
      }
      return response;
    },
  });
}

/** Whether Access has answered itself: it led elsewhere, or said 401, which is no problem of Darkroom's. */
function isOfAccess({ type, status, headers }: Response): boolean {
  if (type === "opaqueredirect") return true;
  return status === 401 && headers.get("content-type") !== "application/problem+json";
}

/** The same as Darkroom says it. */
function asRefusal(answer: Response): Response {
  void answer.body?.cancel();
  const problem = {
    type: "urn:darkroom:problem:access_refused",
    title: "The session has ended",
    status: 401,
    detail: ACCESS_ENDED,
    code: "access_refused",
  };
  return Response.json(problem, { status: 401, headers: { "content-type": "application/problem+json" } });
}

/**
 * The key in the address's fragment, which is removed at once: the fragment is not sent to a server, but a history keeps it. Only
 * the address that `npm start` prints has one; elsewhere a link with a key in it is not honoured.
 */
function takeKeyOfAddress(): string | null {
  const given = new URLSearchParams(location.hash.slice(1)).get("key");
  if (given === null) return null;
  history.replaceState(history.state, "", location.pathname + location.search);
  const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
  if (!isLocal) session.value = { state: "out", why: "A key in an address is not accepted. Enter it here instead." };
  return isLocal ? given : null;
}
