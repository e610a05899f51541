import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";

import type { ApiKey, CreatedKey } from "../../client/index.ts";
import { byCursor } from "../api/queries.ts";
import { api, ownSelf } from "../api/session.ts";
import { tell, tellError } from "../shell/toasts.tsx";
import { confirm } from "../ui/dialog.tsx";
import { formatBytes, formatCount, formatDateTime } from "../ui/format.ts";
import { Icon } from "../ui/icon.tsx";
import { ErrorState, ShowMore, Skeleton } from "../ui/states.tsx";
import { Ago } from "../ui/time.tsx";
import { KeyDialog } from "./key-dialog.tsx";
import { SecretDialog } from "./secret-dialog.tsx";

const KEYS_KEY = ["keys"] as const;

/** The API keys, with their scopes and limits. */
export function KeysView() {
  const [isMaking, setMaking] = useState(false);
  const [made, setMade] = useState<CreatedKey | null>(null);
  const [isAll, setAll] = useState(false);
  const keys = useInfiniteQuery({
    queryKey: KEYS_KEY,
    queryFn: async ({ pageParam, signal }) =>
      api()
        .keys.list({ limit: 50, ...(pageParam !== null && { cursor: pageParam }) }, { signal })
        .page(),
    ...byCursor,
  });
  const all = keys.data?.pages.flatMap(({ items }) => items) ?? [];
  const shown = isAll ? all : all.filter(({ state }) => state === "active");
  return (
    <>
      <div class="section-head">
        <h2>Keys</h2>
        <label class="check">
          <input type="checkbox" checked={isAll} onChange={({ currentTarget }) => setAll(currentTarget.checked)} />
          <span>Show expired and revoked keys</span>
        </label>
        <button type="button" class="button primary" onClick={() => setMaking(true)}>
          <Icon name="plus" />
          New key
        </button>
      </div>
      {keys.error !== null && <ErrorState error={keys.error} retry={() => void keys.refetch()} isInline />}
      {keys.data === undefined ? (
        keys.error === null && <Skeleton rows={4} />
      ) : (
        <ul class="card keys">
          {shown.map((key) => (
            <KeyRow key={key.id} apiKey={key} />
          ))}
        </ul>
      )}
      <ShowMore list={keys}>Show older keys</ShowMore>
      {isMaking && (
        <KeyDialog
          onClose={() => setMaking(false)}
          onMade={(key) => {
            setMaking(false);
            setMade(key);
          }}
        />
      )}
      {made !== null && (
        <SecretDialog title={`The key “${made.label}”`} secret={made.key} onClose={() => setMade(null)}>
          Send it as <code>Authorization: Bearer …</code>, or sign in with it here.
        </SecretDialog>
      )}
    </>
  );
}

function KeyRow({ apiKey }: { apiKey: ApiKey }) {
  const { id, label, ownerId, state, scopes, createdAt, expiresAt, revokedAt } = apiKey;
  const isOwn = ownSelf()?.id === id;
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: async () => api().keys.revoke(id),
    onSuccess({ webhooks }) {
      const stopped = webhooks.filter(({ disabled }) => disabled).length;
      tell(
        `The key was revoked.${stopped > 0 ? ` Disabled webhooks that it had registered: ${formatCount(stopped)}.` : ""}`,
      );
    },
    onError: tellError,
    onSettled: async () => queries.invalidateQueries({ queryKey: KEYS_KEY }),
  });
  async function ask() {
    const text = (
      <>
        Its calls are refused from now on. Links that it signed stop working, and webhooks that it registered receive no
        more events.
        {isOwn && <strong class="block bad"> You are signed in with this key.</strong>}
      </>
    );
    if (await confirm({ title: `Revoke “${label}”?`, text, act: "Revoke key", isDangerous: true })) revoke.mutate();
  }
  const limits = limitsOf(apiKey);
  return (
    <li class="key-row" data-state={state}>
      <Icon name="key" />
      <div class="key-about">
        <p>
          <strong>{label}</strong> <code class="dim">{id}</code>
          {isOwn && <span class="chip">this key</span>}
        </p>
        <p class="small dim cause-sub">
          <span>{ownerId}</span>
          <span>{scopes.join(", ")}</span>
          <span>
            created <Ago at={createdAt} />
          </span>
          {revokedAt !== null ? (
            <span class="bad">revoked {formatDateTime(revokedAt)}</span>
          ) : (
            expiresAt !== null && (
              <span class={state === "expired" ? "bad" : undefined}>
                {state === "expired" ? "expired" : "expires"} {formatDateTime(expiresAt)}
              </span>
            )
          )}
        </p>
        {limits.length > 0 && <p class="small dim">Limits: {limits.join(", ")}</p>}
      </div>
      {state === "active" && (
        <button
          type="button"
          class="button"
          aria-label={`Revoke ${label}`}
          disabled={revoke.isPending}
          onClick={() => void ask()}
        >
          Revoke
        </button>
      )}
    </li>
  );
}

function limitsOf({ maxConcurrentJobs, maxUploadBytesADay, maxUploadBytes, contentTypes }: ApiKey): readonly string[] {
  return [
    maxConcurrentJobs !== null && `${formatCount(maxConcurrentJobs)} jobs at the same time`,
    maxUploadBytes !== null && `${formatBytes(maxUploadBytes)} per upload`,
    maxUploadBytesADay !== null && `${formatBytes(maxUploadBytesADay)} uploaded per day`,
    contentTypes !== null && `only ${contentTypes.join(", ")}`,
  ].filter((limit): limit is string => typeof limit === "string");
}
