// The queue of files to upload. It lives as long as the page, so uploads continue in other views.
import { computed, effect, type Signal, signal } from "@preact/signals";

import { type DryRunEstimate, DarkroomError } from "../../client/index.ts";
import { queryClient, sentenceOf } from "../api/queries.ts";
import { api, session } from "../api/session.ts";
import type { KnownKind } from "../ui/kinds.ts";
import type { Sending, ToSend } from "./sending.ts";
import { requestFor, type Settings, settings } from "./settings.ts";
import { createSpeed } from "./speed.ts";
import { findUnfinished, forget, type Unfinished, unfinished, unfinishedFor } from "./unfinished.ts";

/** `ready`: the person has not started the upload. `waiting`: the upload waits for its turn. */
export type ItemState = "ready" | "waiting" | "sending" | "paused" | "failed" | "done";

export type Price =
  | { readonly state: "asking" }
  | { readonly state: "known"; readonly dryRun: DryRunEstimate }
  | { readonly state: "refused"; readonly why: string };

export interface Item {
  readonly id: string;
  readonly file: File;
  readonly kind: Signal<KnownKind | null>;
  /** The settings at the time when the upload was started. */
  readonly asked: Signal<Settings>;
  readonly price: Signal<Price>;
  readonly state: Signal<ItemState>;
  readonly sentBytes: Signal<number>;
  /** Null while it is not known. */
  readonly bytesPerSecond: Signal<number | null>;
  readonly error: Signal<string | null>;
  readonly jobId: Signal<string | null>;
  /** The upload in parts that continues, possibly one from before the page was reloaded. Its stored parts are kept. */
  readonly before: Signal<Unfinished | undefined>;
  /** Whether a pause keeps the bytes that have been sent. */
  readonly mayPause: Signal<boolean>;
}

/** Larger files are sent in parts. Stored parts are kept if the upload is interrupted. */
const MOST_WHOLE_BYTES = 16 * 1024 * 1024;
/** The largest file that goes through the API if presigned uploads are not set up. */
const MOST_API_BYTES = 100_000_000;
const AT_ONCE = 3;
const PRICED_AT_ONCE = 3;
const PRICE_DELAY_MS = 400;

export const items = signal<readonly Item[]>([]);
export const active = computed(() =>
  items.value.filter(({ state }) => ["waiting", "sending", "paused"].includes(state.value)),
);
export const ready = computed(() => items.value.filter(({ state }) => state.value === "ready"));
/** The files that `start` sends. A file that the API would refuse stays on the list, with the reason. */
export const startable = computed(() => ready.value.filter(({ price }) => price.value.state !== "refused"));
export const failed = computed(() => items.value.filter(({ state }) => state.value === "failed"));
const sendings = new Map<string, Sending>();

export function addFiles(files: readonly File[]): void {
  const added = files.map((file): Item => {
    const before = unfinishedFor(file);
    return {
      id: crypto.randomUUID(),
      file,
      kind: signal(null),
      asked: signal(settings.value),
      price: signal({ state: "asking" }),
      state: signal(before === undefined ? "ready" : "waiting"),
      sentBytes: signal(0),
      bytesPerSecond: signal(null),
      error: signal(null),
      jobId: signal(null),
      before: signal(before),
      mayPause: signal(false),
    };
  });
  items.value = [...items.value, ...added];
  for (const { before } of added) {
    const { value } = before;
    // The person started this upload before the reload, so it continues without a question.
    if (value !== undefined) unfinished.value = unfinished.value.filter(({ uploadId }) => uploadId !== value.uploadId);
  }
  schedule();
}

export function start(): void {
  for (const { state, asked } of startable.value) {
    asked.value = settings.value;
    state.value = "waiting";
  }
  schedule();
}

export function retry(which: readonly Item[]): void {
  for (const item of which) {
    item.error.value = null;
    item.state.value = "waiting";
  }
  schedule();
}

export function pause(item: Item): void {
  const sending = sendings.get(item.id);
  if (sending?.pause == null || item.state.value !== "sending") return;
  sending.pause();
  item.state.value = "paused";
  item.bytesPerSecond.value = null;
  schedule();
}

export function resume(item: Item): void {
  if (item.state.value !== "paused") return;
  item.state.value = "sending";
  sendings.get(item.id)?.resume();
}

/** Remove an item from the list. A running upload is aborted, and its stored parts are deleted. */
export function remove(item: Item): void {
  const sending = sendings.get(item.id);
  sending?.stop();
  sendings.delete(item.id);
  const { value: before } = item.before;
  // A running upload deletes its parts itself.
  if (sending === undefined && before !== undefined && item.state.value !== "done")
    void api()
      .uploads.abort(before.uploadId)
      .catch(() => undefined)
      .then(() => forget(before.uploadId));
  items.value = items.value.filter((one) => one !== item);
  schedule();
}

export function clearDone(): void {
  items.value = items.value.filter(({ state }) => state.value !== "done");
}

/** Start waiting uploads until `AT_ONCE` of them run. */
function schedule(): void {
  const running = items.value.filter(({ state }) => state.value === "sending").length;
  for (const item of items.value
    .filter(({ state }) => state.value === "waiting")
    .slice(0, Math.max(0, AT_ONCE - running)))
    void send(item);
}

async function send(item: Item): Promise<void> {
  item.state.value = "sending";
  const speed = createSpeed();
  const toSend: ToSend = {
    id: item.id,
    file: item.file,
    request: requestFor(item.file, item.kind.value, item.asked.value),
    before: item.before.value,
    onProgress(sentBytes) {
      item.sentBytes.value = sentBytes;
      item.bytesPerSecond.value = speed(sentBytes, performance.now());
    },
    onBegun(upload) {
      item.before.value = upload;
      item.mayPause.value = true;
    },
  };
  try {
    const sending = await begin(item, toSend);
    sendings.set(item.id, sending);
    item.mayPause.value = sending.pause !== null;
    item.jobId.value = await sending.done;
    item.sentBytes.value = item.file.size;
    item.state.value = "done";
    void queryClient.invalidateQueries({ queryKey: ["jobs"] });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return;
    item.error.value = sentenceOf(error);
    item.state.value = "failed";
  } finally {
    item.bytesPerSecond.value = null;
    sendings.delete(item.id);
    schedule();
  }
}

async function begin(item: Item, toSend: ToSend): Promise<Sending> {
  const isWhole = item.file.size <= MOST_WHOLE_BYTES && toSend.before === undefined;
  if (isWhole) return (await import("./send-whole.ts")).sendWhole(toSend);
  const { sendParts } = await import("./send-parts.ts");
  const { sendWhole } = await import("./send-whole.ts");
  const sending = sendParts(toSend);
  const done = sending.done.catch((error: unknown) => {
    // If presigned uploads are not set up, a file of up to 100 MB still goes through the API.
    const isUnset = error instanceof DarkroomError && error.code === "presign_unavailable";
    if (!isUnset || item.file.size > MOST_API_BYTES) throw error;
    item.mayPause.value = false;
    return sendWhole(toSend).done;
  });
  return { ...sending, done };
}

/** The estimates that were asked for. They are asked for again a moment after the settings change, in the order of the list. */
let priced: { readonly asked: Settings; readonly keys: Map<string, string> } = {
  asked: settings.value,
  keys: new Map(),
};
let timer: ReturnType<typeof setTimeout> | undefined;
effect(() => {
  const wanted = ready.value.map((item) => ({ item, kind: item.kind.value }));
  const asked = settings.value;
  if (session.value.state !== "in" || wanted.length === 0) return;
  clearTimeout(timer);
  const isFirst = wanted.every(({ item }) => !priced.keys.has(item.id));
  timer = setTimeout(
    () =>
      void priceAll(
        wanted.map(({ item }) => item),
        asked,
      ),
    isFirst ? 0 : PRICE_DELAY_MS,
  );
});

async function priceAll(wanted: readonly Item[], asked: Settings): Promise<void> {
  const stale = wanted.filter((item) => priced.keys.get(item.id) !== keyOf(item, asked));
  for (const item of stale) {
    priced.keys.set(item.id, keyOf(item, asked));
    item.price.value = { state: "asking" };
  }
  let next = 0;
  await Promise.all(
    Array.from({ length: PRICED_AT_ONCE }, async () => {
      for (let item = stale[next++]; item !== undefined; item = stale[next++]) await ask(item, asked);
    }),
  );
}

async function ask(item: Item, asked: Settings): Promise<void> {
  const key = keyOf(item, asked);
  let found: Price;
  try {
    found = {
      state: "known",
      dryRun: await api().uploads.estimate(item.file, requestFor(item.file, item.kind.value, asked)),
    };
  } catch (error) {
    found = { state: "refused", why: sentenceOf(error) };
  }
  // If the settings have changed in the meantime, a newer answer follows.
  if (priced.keys.get(item.id) === key) item.price.value = found;
}

function keyOf(item: Item, asked: Settings): string {
  return JSON.stringify(requestFor(item.file, item.kind.value, asked));
}

/** Look for interrupted uploads, for the view that shows them. */
export async function lookForUnfinished(): Promise<void> {
  const underWay = items.value.flatMap(({ before }) => before.value?.uploadId ?? []);
  await findUnfinished(new Set(underWay));
}

addEventListener("beforeunload", (event) => {
  if (active.value.length > 0) event.preventDefault();
});
