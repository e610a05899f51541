import { signal } from "@preact/signals";

import { formatAge, formatAgo, formatDateTime } from "./format.ts";

/** The current time, shared by all ages on the page. */
export const now = signal(Date.now());
setInterval(() => {
  if (document.visibilityState === "visible") now.value = Date.now();
}, 1000);
addEventListener("visibilitychange", () => (now.value = Date.now()));

/** An age in a column. The exact time is in the tooltip. */
export function Age({ at }: { at: string }) {
  return <Moment at={at} text={formatAge(at, now.value)} />;
}

/** An age in a sentence. */
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
