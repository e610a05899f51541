import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/preact-query";
import { useEffect, useState } from "preact/hooks";

import type { DryRun, RedriveRequest } from "../../client/index.ts";
import { sentenceOf } from "../api/queries.ts";
import { api } from "../api/session.ts";
import { tell } from "../shell/toasts.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { formatCount, formatDuration, formatNeurons, formatUsd } from "../ui/format.ts";
import { TASK_KINDS, taskName } from "./task-name.ts";

const ASK_DELAY_MS = 300;

interface Fields {
  readonly kind: string;
  readonly code: string;
  readonly after: string;
  readonly before: string;
  readonly limit: string;
  readonly rate: string;
  readonly isCanary: boolean;
}
const EMPTY: Fields = { kind: "", code: "", after: "", before: "", limit: "1000", rate: "10", isCanary: true };

/** Redrive all letters that match. Each change asks for a dry run, and only the redrive that it showed can be started. */
export function RedriveDialog({ fingerprint, onClose }: { fingerprint?: string; onClose: () => void }) {
  const [fields, setFields] = useState(EMPTY);
  const queries = useQueryClient();
  const request = requestOf(fields, fingerprint);
  const text = JSON.stringify(request);
  const asked = useLater(text);
  const dry = useQuery({
    queryKey: ["redrives", "dry", asked],
    queryFn: ({ signal }) =>
      api().redrives.create({ ...(JSON.parse(asked) as RedriveRequest), dryRun: true }, { signal }),
    staleTime: 0,
    gcTime: 0,
    placeholderData: keepPreviousData,
  });
  const redrive = useMutation({
    mutationFn: async () => api().redrives.create({ ...request, dryRun: false }),
    async onSuccess({ progress }) {
      tell(`${formatCount(progress.matched)} ${progress.matched === 1 ? "task is" : "tasks are"} redriven.`);
      onClose();
      await queries.invalidateQueries({ queryKey: ["redrives"] });
      await queries.invalidateQueries({ queryKey: ["dead-letters"] });
    },
  });
  const isCurrent = asked === text && !dry.isPlaceholderData && !dry.isFetching && dry.error === null;
  const count = dry.data?.matched ?? 0;
  const set = (changed: Partial<Fields>) => setFields((before) => ({ ...before, ...changed }));
  return (
    <FormDialog
      title={fingerprint === undefined ? "Redrive by filter" : "Redrive all letters with this cause"}
      isWide
      onClose={onClose}
      act={isCurrent && count > 0 ? `Redrive ${formatCount(count)}` : "Redrive"}
      isReady={isCurrent && count > 0 && !redrive.isPending}
      error={redrive.error}
      onSubmit={() => redrive.mutate()}
    >
      {fingerprint === undefined ? (
        <Filter fields={fields} set={set} />
      ) : (
        <p class="soft">Every open letter with this cause that is not part of another redrive, the oldest first.</p>
      )}
      <label class="check">
        <input
          type="checkbox"
          autofocus
          checked={fields.isCanary}
          onChange={({ currentTarget }) => set({ isCanary: currentTarget.checked })}
        />
        <span>
          Try one first <span class="dim">– the others follow if it completes, and stay if it fails</span>
        </span>
      </label>
      <details class="more">
        <summary>Limit and rate</summary>
        <div class="redrive-grid">
          <NumberField label="At most" value={fields.limit} max={10_000} onChange={(limit) => set({ limit })} />
          <NumberField label="Per second" value={fields.rate} max={100} onChange={(rate) => set({ rate })} />
        </div>
      </details>
      <div class="dry-run card" aria-live="polite" aria-busy={!isCurrent} data-stale={!isCurrent}>
        {dry.error === null ? (
          dry.data === undefined ? (
            <span class="dim">Counting …</span>
          ) : (
            <DryRunAnswer dry={dry.data} />
          )
        ) : (
          <span class="bad">{sentenceOf(dry.error)}</span>
        )}
      </div>
    </FormDialog>
  );
}

function Filter({ fields, set }: { fields: Fields; set: (changed: Partial<Fields>) => void }) {
  return (
    <div class="redrive-grid">
      <label class="field">
        <span>Task</span>
        <select class="select" value={fields.kind} onChange={({ currentTarget }) => set({ kind: currentTarget.value })}>
          <option value="">Every kind</option>
          {TASK_KINDS.map((kind) => (
            <option key={kind} value={kind}>
              {taskName(kind)}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>Code</span>
        <input
          class="input"
          placeholder="Every code"
          spellcheck={false}
          value={fields.code}
          onInput={({ currentTarget }) => set({ code: currentTarget.value })}
        />
      </label>
      <label class="field">
        <span>Given up from</span>
        <input
          class="input"
          type="datetime-local"
          value={fields.after}
          onInput={({ currentTarget }) => set({ after: currentTarget.value })}
        />
      </label>
      <label class="field">
        <span>Given up before</span>
        <input
          class="input"
          type="datetime-local"
          value={fields.before}
          onInput={({ currentTarget }) => set({ before: currentTarget.value })}
        />
      </label>
    </div>
  );
}

function NumberField({
  label,
  value,
  max,
  onChange,
}: {
  label: string;
  value: string;
  max: number;
  onChange: (value: string) => void;
}) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        class="input"
        type="number"
        min={1}
        max={max}
        value={value}
        onInput={({ currentTarget }) => onChange(currentTarget.value)}
      />
    </label>
  );
}

function DryRunAnswer({ dry }: { dry: DryRun }) {
  const { matched, overLimit, heldByOthers, lastsSeconds, estimate } = dry;
  if (matched === 0) {
    return (
      <span class="soft">
        {heldByOthers > 0
          ? `There is nothing to redrive: the ${formatCount(heldByOthers)} letters that match are part of another redrive.`
          : "No open letter matches."}
      </span>
    );
  }
  const { neurons, microUsd, unknown } = estimate;
  return (
    <>
      <dl class="figures">
        <div class="figure" data-strong="true">
          <dt>Will be redriven</dt>
          <dd>{formatCount(matched)}</dd>
        </div>
        <div class="figure" data-strong="true">
          <dt>Will cost about</dt>
          <dd>
            {formatNeurons(neurons)} <small>neurons, {formatUsd(microUsd)}</small>
          </dd>
        </div>
        <div class="figure" data-strong="true">
          <dt>Sent within</dt>
          <dd>{formatDuration(lastsSeconds * 1000)}</dd>
        </div>
      </dl>
      <ul class="small soft">
        {unknown > 0 && (
          <li>{formatCount(unknown)} of them are recordings that were not read yet, so their cost is not known.</li>
        )}
        {overLimit > 0 && <li>{formatCount(overLimit)} more match but stay, because they are over the limit.</li>}
        {heldByOthers > 0 && <li>{formatCount(heldByOthers)} more are part of another redrive.</li>}
      </ul>
    </>
  );
}

function requestOf(fields: Fields, fingerprint: string | undefined): Omit<RedriveRequest, "dryRun"> {
  const { kind, code, after, before, limit, rate, isCanary } = fields;
  const given = {
    ...(fingerprint !== undefined && { fingerprint }),
    ...(kind !== "" && { kind }),
    ...(code.trim() !== "" && { code: code.trim() }),
    ...(after !== "" && { createdAfter: new Date(after).toISOString() }),
    ...(before !== "" && { createdBefore: new Date(before).toISOString() }),
  };
  return {
    filter: Object.keys(given).length === 0 ? { all: true } : given,
    limit: Number(limit),
    ratePerSecond: Number(rate),
    canary: isCanary,
  };
}

/** Return the text after a delay, so that the API is not called for every character. */
function useLater(text: string): string {
  const [later, setLater] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setLater(text), ASK_DELAY_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return later;
}
