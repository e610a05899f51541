// Who is signed in, and the client that calls with their key. The key is kept for the tab alone, unless they ask for more.
import { computed, signal } from "@preact/signals";

import { type Client, createClient, DarkroomError, type OwnKey } from "../../client/index.ts";
import { queryClient } from "./queries.ts";

export type Scope = OwnKey["scopes"][number];

interface SignedIn {
  readonly key: string;
  readonly self: OwnKey;
}

/** Where the page stands with its key: before anybody signed in, while one is looked at, and after. */
export type Session =
  | { readonly state: "out"; readonly why: string | null }
  | { readonly state: "checking"; readonly key: string }
  | { readonly state: "unreachable"; readonly key: string; readonly isKept: boolean; readonly why: string }
  | ({ readonly state: "in" } & SignedIn);

const STORED_AS = "darkroom.key";

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

/** The key itself, for calls that the client does not make. */
export function ownKey(): string {
  return signedIn.value?.key ?? "";
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

/** Take the key of the address (which `npm start` prints) or the one kept, and look at it. */
export function startSession(): void {
  addEventListener("hashchange", () => {
    const given = takeKeyOfAddress();
    if (given !== null) void signIn(given, { isKept: false });
  });
  const given = takeKeyOfAddress();
  const kept = sessionStorage.getItem(STORED_AS) ?? localStorage.getItem(STORED_AS);
  if (given !== null) void signIn(given, { isKept: false });
  else if (kept !== null) void signIn(kept, { isKept: localStorage.getItem(STORED_AS) !== null });
}

/** @param isKept whether the browser remembers the key when the tab is closed. */
export async function signIn(key: string, { isKept }: { isKept: boolean }): Promise<void> {
  const before = session.value;
  const isOver = before.state === "in";
  if (!isOver) session.value = { state: "checking", key };
  try {
    const self = await clientOf(key).keys.self();
    sessionStorage.setItem(STORED_AS, key);
    if (isKept) localStorage.setItem(STORED_AS, key);
    else localStorage.removeItem(STORED_AS);
    // Another owner's answers are not theirs.
    if (isOver && before.self.ownerId !== self.ownerId) queryClient.clear();
    session.value = { state: "in", key, self };
    keyRefusal.value = null;
  } catch (error) {
    const isRefused = error instanceof DarkroomError && error.status === 401;
    const why = error instanceof DarkroomError ? error.detail : String(error);
    if (isOver) keyRefusal.value = isRefused ? `That key is refused. ${why}` : why;
    else if (isRefused) {
      forgetKey();
      session.value = { state: "out", why };
    } else session.value = { state: "unreachable", key, isKept, why };
  }
}

/** Nothing of theirs stays in this tab: it begins anew. While something is uploaded the browser asks first. */
export function signOut(): void {
  forgetKey();
  sessionStorage.clear();
  location.assign("/");
}

function forgetKey(): void {
  sessionStorage.removeItem(STORED_AS);
  localStorage.removeItem(STORED_AS);
}

function clientOf(key: string): Client {
  return createClient({
    baseUrl: location.origin,
    key,
    async fetch(url, init) {
      const response = await globalThis.fetch(url, init).catch((error: unknown) => {
        if (init.signal?.aborted !== true) isReachable.value = false;
        throw error;
      });
      isReachable.value = true;
      if (response.status === 401 && key === signedIn.value?.key) {
        keyRefusal.value = "Your key has expired or has been revoked. Enter another one: nothing on this page is lost.";
      }
      return response;
    },
  });
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
