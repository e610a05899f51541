import { useMutation, useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";

import type { CreatedKey, KeyRequest } from "../../client/index.ts";
import { api, isOperator, ownSelf, type Scope } from "../api/session.ts";
import { FormDialog } from "../ui/form-dialog.tsx";

const SCOPES: readonly { readonly scope: Scope; readonly name: string; readonly does: string }[] = [
  { scope: "jobs:read", name: "Read", does: "jobs, results, dead letters, usage" },
  { scope: "jobs:write", name: "Write", does: "submit, upload, cancel, delete; redrive together with Read" },
  { scope: "webhooks", name: "Webhooks", does: "send events to addresses" },
  { scope: "admin", name: "Admin", does: "create and revoke keys, read the audit log" },
];
const MB = 1_000_000;

/** The form that creates a key. */
export function KeyDialog({ onClose, onMade }: { onClose: () => void; onMade: (key: CreatedKey) => void }) {
  const [fields, setFields] = useState({
    label: "",
    owner: ownSelf()?.ownerId ?? "",
    days: "",
    jobs: "",
    daily: "",
    each: "",
    types: "",
  });
  const [scopes, setScopes] = useState<readonly Scope[]>(["jobs:read", "jobs:write"]);
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: async () => api().keys.create(requestOf(fields, scopes)),
    async onSuccess(key) {
      onMade(key);
      await queries.invalidateQueries({ queryKey: ["keys"] });
    },
  });
  const field = (name: keyof typeof fields) => ({
    value: fields[name],
    onInput: ({ currentTarget }: { currentTarget: { value: string } }) =>
      setFields((before) => ({ ...before, [name]: currentTarget.value })),
  });
  return (
    <FormDialog
      title="New key"
      onClose={onClose}
      act="Create key"
      isReady={fields.label.trim() !== "" && scopes.length > 0 && !make.isPending}
      error={make.error}
      onSubmit={() => make.mutate()}
    >
      <label class="field">
        <span>Purpose</span>
        <input class="input" autofocus maxLength={100} placeholder="The newsroom's uploads" {...field("label")} />
      </label>
      {isOperator() && (
        <label class="field">
          <span>Owner</span>
          <input class="input" spellcheck={false} {...field("owner")} />
          <span class="hint">An owner cannot see the jobs of other owners.</span>
        </label>
      )}
      <fieldset class="field">
        <legend class="field-legend">Scopes</legend>
        {SCOPES.map(({ scope, name, does }) => (
          <label key={scope} class="check">
            <input
              type="checkbox"
              checked={scopes.includes(scope)}
              onChange={({ currentTarget }) =>
                setScopes(currentTarget.checked ? [...scopes, scope] : scopes.filter((one) => one !== scope))
              }
            />
            <span>
              {name} <span class="dim">– {does}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <details class="more">
        <summary>Expiry and limits</summary>
        <div class="redrive-grid">
          <label class="field">
            <span>Expires in days</span>
            <input class="input" type="number" min={1} max={3650} placeholder="Never" {...field("days")} />
          </label>
          <label class="field">
            <span>Jobs at the same time</span>
            <input class="input" type="number" min={1} max={10_000} placeholder="Any number" {...field("jobs")} />
          </label>
          <label class="field">
            <span>MB per upload</span>
            <input class="input" type="number" min={1} placeholder="Any size" {...field("each")} />
          </label>
          <label class="field">
            <span>MB uploaded per day</span>
            <input class="input" type="number" min={1} placeholder="Any size" {...field("daily")} />
          </label>
          <label class="field wide">
            <span>Content types</span>
            <input class="input" placeholder="audio/, image/png" {...field("types")} />
            <span class="hint">The beginnings of the allowed types, separated by commas.</span>
          </label>
        </div>
      </details>
    </FormDialog>
  );
}

type Fields = Readonly<Record<"label" | "owner" | "days" | "jobs" | "daily" | "each" | "types", string>>;

function requestOf({ label, owner, days, jobs, daily, each, types }: Fields, scopes: readonly Scope[]): KeyRequest {
  const contentTypes = types
    .split(",")
    .map((type) => type.trim())
    .filter((type) => type !== "");
  return {
    label,
    scopes: [...scopes],
    ...(isOperator() && owner.trim() !== "" && { ownerId: owner.trim() }),
    ...(days !== "" && { expiresInDays: Number(days) }),
    ...(jobs !== "" && { maxConcurrentJobs: Number(jobs) }),
    ...(each !== "" && { maxUploadBytes: Number(each) * MB }),
    ...(daily !== "" && { maxUploadBytesADay: Number(daily) * MB }),
    ...(contentTypes.length > 0 && { contentTypes }),
  };
}
