import { useMutation, useQuery, useQueryClient } from "@tanstack/preact-query";
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";

import type { DeadLetterDetail, RedriveOneRequest } from "../../client/index.ts";
import { api, may } from "../api/session.ts";
import { tell } from "../shell/toasts.tsx";
import { CopyButton } from "../ui/copy.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { formatDateTime, formatDuration, formatModel } from "../ui/format.ts";
import { Icon } from "../ui/icon.tsx";
import { ErrorState, Refusal, Skeleton } from "../ui/states.tsx";
import { taskName } from "./task-name.ts";

/** One dead letter, with its attempts, its options and its actions. */
export function LetterDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const letter = useQuery({
    queryKey: ["dead-letters", "one", id],
    queryFn: ({ signal }) => api().deadLetters.get(id, { signal }),
  });
  return (
    <Dialog title="Dead letter" isWide onClose={onClose}>
      {letter.error !== null && <ErrorState error={letter.error} retry={() => void letter.refetch()} isInline />}
      {letter.data === undefined ? (
        letter.error === null && <Skeleton rows={4} />
      ) : (
        <LetterDetail letter={letter.data} onClose={onClose} />
      )}
    </Dialog>
  );
}

function LetterDetail({ letter, onClose }: { letter: DeadLetterDetail; onClose: () => void }) {
  const { id, kind, code, reason, jobId, createdAt, body, attempts, state, note } = letter;
  const mayAct = may("jobs:read", "jobs:write") && state === "open";
  return (
    <>
      <p>{reason}</p>
      <dl class="facts">
        <Fact name="Code">
          <code>{code}</code>
        </Fact>
        <Fact name="Task">{taskName(kind)}</Fact>
        {jobId !== null && (
          <Fact name="Job">
            <Link href={`/jobs/${jobId}`}>{jobId}</Link>
          </Fact>
        )}
        <Fact name="Given up">{formatDateTime(createdAt)}</Fact>
        {state !== "open" && <Fact name="State">{note === null ? state : `${state}: ${note}`}</Fact>}
        <Fact name="Id">
          <span class="mono">{id}</span> <CopyButton text={id} label="Copy the id" isQuiet />
        </Fact>
      </dl>
      {body !== null && (
        <div class="card json">
          <pre tabIndex={0} role="region" aria-label="The message">
            {body}
          </pre>
        </div>
      )}
      {attempts.length > 0 && (
        <div class="scroll-x" tabIndex={0} role="region" aria-label="Attempts">
          <table class="plain">
            <thead>
              <tr>
                <th scope="col">Attempt</th>
                <th scope="col">Outcome</th>
                <th scope="col">Model</th>
                <th scope="col" class="number">
                  Duration
                </th>
              </tr>
            </thead>
            <tbody>
              {attempts.map((attempt) => (
                <tr key={`${attempt.taskId} ${attempt.number}`}>
                  <td>{attempt.number}</td>
                  <td>{attempt.error?.message ?? attempt.outcome}</td>
                  <td>{attempt.model === null ? "–" : formatModel(attempt.model)}</td>
                  <td class="number">{formatDuration(attempt.durationMs)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {mayAct && <LetterActions letter={letter} onClose={onClose} />}
    </>
  );
}

function LetterActions({ letter, onClose }: { letter: DeadLetterDetail; onClose: () => void }) {
  const { id, options } = letter;
  const queries = useQueryClient();
  const before = JSON.stringify(options ?? {}, null, 2);
  const [text, setText] = useState(before);
  const [note, setNote] = useState("");
  const edited = changesOf(before, text);
  const hasOptions = options !== null && options !== undefined;
  const settled = async () => {
    await queries.invalidateQueries({ queryKey: ["dead-letters"] });
    await queries.invalidateQueries({ queryKey: ["jobs"] });
  };
  const redrive = useMutation({
    mutationFn: async (request: RedriveOneRequest) => api().deadLetters.redrive(id, request),
    async onSuccess() {
      tell("The task runs again.");
      onClose();
      await settled();
    },
  });
  const discard = useMutation({
    mutationFn: async () => api().deadLetters.discard(id, { note: note.trim() }),
    async onSuccess() {
      tell("The letter was discarded. The job stays failed.");
      onClose();
      await settled();
    },
  });
  return (
    <>
      <form
        class="letter-act"
        onSubmit={(event) => {
          event.preventDefault();
          if (edited.ok) redrive.mutate(edited.changes === null ? {} : { options: edited.changes });
        }}
      >
        {hasOptions && (
          <label class="field">
            <span>Options of the task</span>
            <textarea
              class="input mono"
              rows={Math.min(10, text.split("\n").length + 1)}
              spellcheck={false}
              value={text}
              onInput={({ currentTarget }) => setText(currentTarget.value)}
            />
            <span class="hint" data-tone={edited.ok ? undefined : "bad"}>
              {edited.ok
                ? edited.changes === null
                  ? "If you change the options, the task runs with the new ones. The input of the job changes too."
                  : `The task runs with changed options: ${Object.keys(edited.changes).join(", ")}.`
                : edited.why}
            </span>
          </label>
        )}
        <Refusal error={redrive.error} />
        <div class="actions">
          <button class="button primary" disabled={!edited.ok || redrive.isPending}>
            <Icon name="redo" />
            Redrive this letter
          </button>
        </div>
      </form>
      <details class="more">
        <summary>Discard the letter instead</summary>
        <form
          class="letter-act"
          onSubmit={(event) => {
            event.preventDefault();
            discard.mutate();
          }}
        >
          <label class="field">
            <span>Reason</span>
            <input
              class="input"
              maxLength={500}
              placeholder="The recording has no sound"
              value={note}
              onInput={({ currentTarget }) => setNote(currentTarget.value)}
            />
            <span class="hint">The letter and the audit log show the reason. The job stays failed.</span>
          </label>
          <Refusal error={discard.error} />
          <div class="actions">
            <button class="button danger" disabled={note.trim() === "" || discard.isPending}>
              Discard letter
            </button>
          </div>
        </form>
      </details>
    </>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

type Changes =
  | { readonly ok: true; readonly changes: Record<string, unknown> | null }
  | { readonly ok: false; readonly why: string };

/** Return the changed options. The API replaces each of them, and removes an option whose value is null. */
function changesOf(before: string, after: string): Changes {
  if (before === after) return { ok: true, changes: null };
  let wanted: unknown;
  try {
    wanted = JSON.parse(after);
  } catch (error) {
    return {
      ok: false,
      why: `The options are not valid JSON: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
  if (typeof wanted !== "object" || wanted === null || Array.isArray(wanted))
    return { ok: false, why: "The options must be a JSON object, such as {}." };
  const old = JSON.parse(before) as Record<string, unknown>;
  const next = wanted as Record<string, unknown>;
  const changed = Object.entries(next).filter(([name, value]) => JSON.stringify(old[name]) !== JSON.stringify(value));
  const removed = Object.keys(old)
    .filter((name) => !(name in next))
    .map((name) => [name, null] as const);
  const all = [...changed, ...removed];
  return { ok: true, changes: all.length === 0 ? null : Object.fromEntries(all) };
}
