import { keepPreviousData, useInfiniteQuery } from "@tanstack/preact-query";
import { Link, useSearchParams } from "wouter-preact";

import type { AuditEntry } from "../../client/index.ts";
import { byCursor, IDLE_MS } from "../api/queries.ts";
import { api } from "../api/session.ts";
import { formatDateTime } from "../ui/format.ts";
import { EmptyState, ErrorState, ShowMore, Skeleton } from "../ui/states.tsx";

type Act = AuditEntry["act"];

const ACTS: Readonly<Record<Act, string>> = {
  "dead_letter.redrive": "redrove a dead letter",
  "dead_letter.reopen": "reopened a dead letter",
  "dead_letter.discard": "discarded a dead letter",
  "redrive.create": "started a bulk redrive",
  "redrive.cancel": "aborted a bulk redrive",
  "redrive.stop": "stopped a bulk redrive",
  "job.cancel": "cancelled a job",
  "job.delete": "deleted a job",
  "kind.pause": "paused a kind",
  "kind.resume": "resumed a kind",
  "webhook.create": "registered a webhook",
  "webhook.edit": "changed a webhook",
  "webhook.rotate": "rotated a webhook's secret",
  "webhook.replay": "replayed a delivery",
  "webhook.delete": "deleted a webhook",
  "key.create": "created a key",
  "key.revoke": "revoked a key",
  "budget.set": "set a budget",
  "budget.delete": "lifted a budget",
  "hold.lift": "lifted the hold on the account",
  "retention.set": "set a retention",
  "retention.delete": "removed a retention",
};

/** The audit log. */
export function AuditView() {
  const [params, setParams] = useSearchParams();
  const act = (Object.keys(ACTS) as Act[]).find((one) => one === params.get("act"));
  const subject = params.get("subject") ?? "";
  const set = (name: string, value: string) =>
    setParams((before) => {
      const next = new URLSearchParams(before);
      if (value === "") next.delete(name);
      else next.set(name, value);
      return next;
    });
  const entries = useInfiniteQuery({
    queryKey: ["audit", act, subject],
    queryFn: async ({ pageParam, signal }) =>
      api()
        .audit.list(
          {
            limit: 50,
            ...(act !== undefined && { act }),
            ...(subject !== "" && { subject }),
            ...(pageParam !== null && { cursor: pageParam }),
          },
          { signal },
        )
        .page(),
    ...byCursor,
    placeholderData: keepPreviousData,
    refetchInterval: IDLE_MS,
  });
  const all = entries.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <>
      <div class="filters">
        <select
          class="select"
          aria-label="Act"
          value={act ?? ""}
          onChange={({ currentTarget }) => set("act", currentTarget.value)}
        >
          <option value="">Every act</option>
          {Object.keys(ACTS).map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
        <input
          class="input audit-subject"
          type="search"
          aria-label="Subject"
          placeholder="The id of a job, a key, a letter …"
          value={subject}
          onChange={({ currentTarget }) => set("subject", currentTarget.value.trim())}
        />
      </div>
      {entries.error !== null && <ErrorState error={entries.error} retry={() => void entries.refetch()} isInline />}
      {entries.data === undefined ? (
        entries.error === null && <Skeleton rows={6} />
      ) : all.length === 0 ? (
        <EmptyState icon="list" title="No entries">
          {act === undefined && subject === ""
            ? "The audit log records redrives, pauses, and changes to keys, budgets and webhooks, with the key that made them."
            : "No entry matches. Choose every act and clear the subject to see all entries."}
        </EmptyState>
      ) : (
        <div class="card scroll-x" tabIndex={0} role="region" aria-label="Audit">
          <table class="plain padded audit">
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Who</th>
                <th scope="col">Act</th>
                <th scope="col">Subject</th>
                <th scope="col">Details</th>
              </tr>
            </thead>
            <tbody>
              {all.map((entry) => (
                <Line key={entry.id} entry={entry} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <ShowMore list={entries}>Show older entries</ShowMore>
    </>
  );
}

function Line({ entry: { at, actor, act, subject, detail } }: { entry: AuditEntry }) {
  const text = detailText(detail);
  return (
    <tr>
      <td class="audit-when">{formatDateTime(at)}</td>
      <td>
        <code>{actor.replace(/^key:/, "")}</code>
      </td>
      <td>{ACTS[act]}</td>
      <td class="audit-id">
        {subject.startsWith("job_") && act !== "job.delete" ? (
          <Link href={`/jobs/${subject}`} class="mono">
            {subject}
          </Link>
        ) : (
          <code>{subject}</code>
        )}
      </td>
      <td class="audit-detail small soft">{text}</td>
    </tr>
  );
}

/** Return the details as text, for example `filter: all, limit: 10`. Null values are left out. */
function detailText(detail: unknown): string {
  if (typeof detail !== "object" || detail === null) return "";
  return Object.entries(detail)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");
}
