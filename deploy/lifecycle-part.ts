import { INBOX_PREFIX } from "../shared/uploads/storage.ts";
import { byHand, type Found, type Part } from "./part.ts";
import { type Row, rowsIn } from "./rows.ts";

/** The same as R2's own rule for a new bucket (developers.cloudflare.com/r2/buckets/object-lifecycles/); see shared/limits.ts. */
const ABORT_AFTER_DAYS = 7;
const NAME = "abort-unfinished-uploads";

/** Abort multipart uploads that nobody completes. @param where options that name the bucket's jurisdiction. */
export function lifecyclePart(bucket: string, where: readonly string[]): Part {
  return {
    name: `the lifecycle rule of '${bucket}'`,
    find: async (wrangler) => {
      const { stdout } = await wrangler.look("r2", "bucket", "lifecycle", "list", bucket, ...where);
      return judgeLifecycle(rowsIn(stdout), bucket, where);
    },
    command: [
      "r2",
      "bucket",
      "lifecycle",
      "add",
      bucket,
      NAME,
      "--force",
      `--abort-multipart-days=${ABORT_AFTER_DAYS}`,
      ...where,
    ],
    meanwhile: "Meanwhile parts of uploads that nobody completes or aborts stay in the bucket and cost money.",
  };
}

/** If several rules cover an object, the earliest acts. A later rule therefore does no harm. */
function judgeLifecycle(rows: readonly Row[], bucket: string, where: readonly string[]): Found {
  const aborting = rows.flatMap(({ name = "", enabled, prefix = "", action = "" }) => {
    const days = Number(/Abort incomplete multipart uploads after ([\d.]+) days/.exec(action)?.[1] ?? NaN);
    const covers = prefix === "(all prefixes)" || INBOX_PREFIX.startsWith(prefix);
    return Number.isNaN(days) ? [] : [{ name, days, covers: covers && enabled === "Yes", prefix, enabled }];
  });
  const acting = aborting.filter(({ covers }) => covers);
  const early = acting.find(({ days }) => days < ABORT_AFTER_DAYS);
  const remove = (name: string) =>
    `Remove it, then run this again: ${byHand(["r2", "bucket", "lifecycle", "remove", bucket, `--name=${name}`, ...where])}`;
  if (early !== undefined) {
    const how = `the rule '${early.name}' aborts uploads after ${early.days} days, but URLs for their parts are valid for ${ABORT_AFTER_DAYS - 1}.`;
    return { state: "different", how, todo: remove(early.name) };
  }
  if (acting.some(({ days }) => days === ABORT_AFTER_DAYS)) return { state: "there" };
  const ours = rows.find(({ name }) => name === NAME);
  if (ours === undefined) return { state: "missing" };
  const { enabled, prefix, action } = ours;
  const how = `the rule '${NAME}' has enabled: ${enabled}, prefix: ${prefix}, action: ${action}; it must abort uploads of '${INBOX_PREFIX}' after ${ABORT_AFTER_DAYS} days.`;
  return { state: "different", how, todo: remove(NAME) };
}
