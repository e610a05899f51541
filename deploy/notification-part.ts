import { INBOX_PREFIX } from "../shared/uploads/storage.ts";
import { byHand, type Found, type Part } from "./part.ts";
import { type Row, rowsIn } from "./rows.ts";
import type { Target } from "./target.ts";

/** The events of `--event-type=object-create` (wrangler 4.164.0, src/r2/helpers/notification.ts). */
const EVENTS = ["PutObject", "CompleteMultipartUpload", "CopyObject"];

/** Notify the queue of uploads when an object is put into the inbox. @param where options that name the bucket's jurisdiction. */
export function notificationPart({ bucket, uploadQueue }: Target, where: readonly string[]): Part {
  return {
    name: `the notification rule of '${bucket}'`,
    find: async (wrangler) => {
      const { stdout } = await wrangler.look("r2", "bucket", "notification", "list", bucket, ...where);
      const rivals = rowsIn(stdout).map(ruleIn).filter(overlaps);
      return judge(rivals, { bucket, queue: uploadQueue, where });
    },
    command: [
      "r2",
      "bucket",
      "notification",
      "create",
      bucket,
      "--event-type=object-create",
      `--queue=${uploadQueue}`,
      `--prefix=${INBOX_PREFIX}`,
      ...where,
    ],
    meanwhile: "Meanwhile maintenance finds uploads by a sweep, some minutes later.",
  };
}

interface Rule {
  readonly id: string;
  readonly queue: string;
  readonly prefix: string;
  readonly suffix: string;
  readonly events: readonly string[];
}

function ruleIn({ rule_id, queue_name, prefix, suffix, event_type }: Row): Rule {
  return {
    id: rule_id ?? "",
    queue: queue_name ?? "",
    prefix: prefix === "(all prefixes)" ? "" : (prefix ?? ""),
    suffix: suffix === "(all suffixes)" ? "" : (suffix ?? ""),
    events: (event_type ?? "").split(",").map((event) => event.trim()),
  };
}

/** R2 refuses a second rule that covers some of the same objects: developers.cloudflare.com/r2/buckets/event-notifications/. */
function overlaps({ prefix, events }: Rule): boolean {
  const isSamePlace = prefix.startsWith(INBOX_PREFIX) || INBOX_PREFIX.startsWith(prefix);
  return isSamePlace && events.some((event) => EVENTS.includes(event));
}

function judge(
  rivals: readonly Rule[],
  { bucket, queue, where }: { bucket: string; queue: string; where: readonly string[] },
): Found {
  const wrong = rivals.filter((rule) => differencesOf(rule, queue).length > 0);
  if (wrong.length === 0) return { state: rivals.length === 0 ? "missing" : "there" };
  const removals = wrong.map(({ id, queue: of }) =>
    byHand(["r2", "bucket", "notification", "delete", bucket, `--queue=${of}`, `--rule=${id}`, ...where]),
  );
  return {
    state: "different",
    how: wrong.map((rule) => `rule ${rule.id} ${differencesOf(rule, queue).join(", ")}.`).join(" "),
    todo: `R2 refuses a second rule for the same objects. Remove it, then run this again: ${removals.join("; ")}`,
  };
}

function differencesOf({ queue, prefix, suffix, events }: Rule, wantedQueue: string): readonly string[] {
  const unheard = EVENTS.filter((event) => !events.includes(event));
  const more = events.filter((event) => !EVENTS.includes(event));
  return [
    ...(queue === wantedQueue ? [] : [`goes to the queue '${queue}' instead of '${wantedQueue}'`]),
    ...(prefix === INBOX_PREFIX ? [] : [`has the prefix '${prefix}' instead of '${INBOX_PREFIX}'`]),
    ...(suffix === "" ? [] : [`has the suffix '${suffix}' instead of none`]),
    ...(unheard.length === 0 ? [] : [`does not report ${unheard.join(", ")}`]),
    ...(more.length === 0 ? [] : [`also reports ${more.join(", ")}`]),
  ];
}
