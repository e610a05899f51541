import { signal } from "@preact/signals";

import { formatAge, formatDateTime } from "./format.ts";

/** The clock that ages are counted by, for all of them at once. */
export const now = signal(Date.now());
setInterval(() => {
  if (document.visibilityState === "visible") now.value = Date.now();
}, 1000);
addEventListener("visibilitychange", () => (now.value = Date.now()));

/** How long ago; the moment itself under the pointer. */
export function Age({ at }: { at: string }) {
  const text = formatAge(at, now.value);
  return (
    <time dateTime={at} title={formatDateTime(at)}>
      {text}
    </time>
  );
}
