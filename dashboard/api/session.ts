// The person who is signed in, and the client that calls the API for them. It uses their key, which is kept for this tab only unless
// they ask the browser to remember it. After a sign-in with Cloudflare Access there is no key.
import { computed, signal } from "@preact/signals";

import { type Client, createClient, DarkroomError, type OwnKey } from "../../client/index.ts";
import { queryClient } from "./queries.ts";

export type Scope = OwnKey["scopes"][number];

interface SignedIn {
  /** Null after a sign-in with Cloudflare Access. */
  readonly key: string | null;
  readonly self: OwnKey;
}

/** The state of the sign-in. */
export type Session =
  | { readonly state: "out"; readonly why: string | null }
  | { readonly state: "checking"; readonly key: string | null }
  | { readonly state: "unreachable"; readonly key: string | null; readonly isKept: boolean; readonly why: string }
  | ({ readonly state: "in" } & SignedIn);

const STORED_AS = "darkroom.key";

/** Whether the page was served behind Cloudflare Access (producer/page/serve-page.ts). */
export const isBehindAccess = document.documentElement.hasAttribute("data-behind-access");
/** Cloudflare Access has this path at every address that it guards. It ends the session for all applications of the team. */
export const ACCESS_LOGOUT = "/cdn-cgi/access/logout";

const KEY_ENDED = "Your key has expired or has been revoked. Enter another one. Nothing on this page is lost.";
const ACCESS_ENDED =
  "Your session with Cloudflare Access has ended. Sign in again in another tab and come back. Nothing on this page is lost.";

export const session = signal<Session>({ state: "out", why: null });
/** Why the API refuses the key of an open page. The page stays as it is while a dialog asks for another key. */
export const keyRefusal = signal<string | null>(null);
/** Whether the last call was answered. The browser's own online state is not used: local development needs no network. */
export const isReachable = signal(true);

const signedIn = computed(() => (session.value.state === "in" ? session.value : null));
const current = computed(() => (signedIn.value === null ? null : clientOf(signedIn.value.key)));

/** Return the client of the person who is signed in. @throws if nobody is signed in; no view is shown then. */
export function api(): Client {
  const { value } = current;
  if (value === null) throw new Error("nobody is signed in");
  return value;
}

/** Return the key itself, for calls that the client does not make; null after a sign-in with Cloudflare Access. */
export function ownKey(): string | null {
  return signedIn.value?.key ?? null;
}

/** Return what the API says about the key that is signed in. */
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

/** Sign in with the key in the address that `npm start` prints, with a stored key, or with Cloudflare Access. */
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

/** Sign in with the stored key. If the API refuses it and the page is behind Access, sign in with Access. */
async function resume(kept: string | null): Promise<void> {
  if (kept !== null) await signIn(kept, { isKept: localStorage.getItem(STORED_AS) !== null });
  if (session.value.state === "out" && isBehindAccess) await signIn(null);
}

/**
 * @param key null to sign in with Cloudflare Access.
 * @param isKept whether the browser remembers the key after the tab is closed.
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
    // The cached answers belong to another owner.
    if (isOver && before.self.ownerId !== self.ownerId) queryClient.clear();
    session.value = { state: "in", key, self };
    keyRefusal.value = null;
  } catch (error) {
    const isRefused = error instanceof DarkroomError && (error.status === 401 || error.code === "not_a_member");
    const why = error instanceof DarkroomError ? error.detail : String(error);
    if (isOver) keyRefusal.value = isRefused && key !== null ? `That key was refused. ${why}` : why;
    else if (isRefused) {
      forgetKey();
      session.value = { state: "out", why };
    } else session.value = { state: "unreachable", key, isKept, why };
  }
}

/** Ask for a key before anybody is signed in, and forget a stored one. */
export function askForKey(): void {
  forgetKey();
  session.value = { state: "out", why: null };
}

/** Sign out. The page is loaded again, so nothing of this session stays in the tab. During an upload the browser asks first. */
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
      // After a session has ended, Access redirects to its own page, which a call cannot read.
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

/** Whether the answer is from Access: a redirect, or a 401 that is not one of Darkroom's problems. */
function isOfAccess({ type, status, headers }: Response): boolean {
  if (type === "opaqueredirect") return true;
  return status === 401 && headers.get("content-type") !== "application/problem+json";
}

/** Return the refusal of Access in the form of a Darkroom problem. */
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
 * Return the key in the fragment of the address, and remove it at once: the browser does not send a fragment to a server, but its
 * history keeps it. Only the address that `npm start` prints has one. On another host, a key in a link is not accepted.
 */
function takeKeyOfAddress(): string | null {
  const given = new URLSearchParams(location.hash.slice(1)).get("key");
  if (given === null) return null;
  history.replaceState(history.state, "", location.pathname + location.search);
  const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
  if (!isLocal) session.value = { state: "out", why: "A key in an address is not accepted. Enter it here instead." };
  return isLocal ? given : null;
}
