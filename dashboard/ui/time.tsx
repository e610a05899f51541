import { signal } from "@preact/signals";

import { formatAge, formatAgo, formatDateTime } from "./format.ts";

/** The clock that ages are counted by, for all of them at once. */
export const now = signal(Date.now());
setInterval(() => {
  if (document.visibilityState === "visible") now.value = Date.now();
}, 1000);
addEventListener("visibilitychange", () => (now.value = Date.now()));

/** How long ago, in a column; the moment itself under the pointer. */
export function Age({ at }: { at: string }) {
  return <Moment at={at} text={formatAge(at, now.value)} />;
}

/** The same within a sentence. */
export function Ago({ at }: { at: string }) {
  return <Moment at={at} text={formatAgo(at, now.value)} />;
}

function Moment({ at, text }: { at: string; text: string }) {
  return (
    <time dateTime={at} title={formatDateTime(at)}>
      {text}
    </time>
  );
}
