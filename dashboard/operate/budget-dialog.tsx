import { useMutation, useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";

import type { Budget, BudgetPeriod } from "../../client/index.ts";
import { api } from "../api/session.ts";
import { tell } from "../shell/toasts.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";

/** The form that sets a budget, or changes an existing one. */
export function BudgetDialog({ budget, onClose }: { budget?: Budget; onClose: () => void }) {
  const [owner, setOwner] = useState(budget === undefined ? "account" : (budget.ownerId ?? "account"));
  const [period, setPeriod] = useState<BudgetPeriod>(budget?.period ?? "day");
  const [neurons, setNeurons] = useState(budget === undefined ? "" : String(budget.neurons));
  const [letsHighThrough, setHigh] = useState(budget?.letsHighThrough ?? false);
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: async () => api().budgets.set(owner.trim(), period, { neurons: Number(neurons), letsHighThrough }),
    async onSuccess() {
      tell("The budget is set. Held tasks are checked again.");
      onClose();
      await queries.invalidateQueries({ queryKey: ["budgets"] });
    },
  });
  const isKnown = budget !== undefined;
  return (
    <FormDialog
      title={isKnown ? "Change the budget" : "Set a budget"}
      onClose={onClose}
      act="Set budget"
      isReady={!save.isPending && neurons !== "" && owner.trim() !== ""}
      error={save.error}
      onSubmit={() => save.mutate()}
    >
      <label class="field">
        <span>Owner</span>
        <input
          class="input"
          disabled={isKnown}
          value={owner}
          onInput={({ currentTarget }) => setOwner(currentTarget.value)}
        />
        <span class="hint">
          An owner, or <code>account</code> for all owners together.
        </span>
      </label>
      <label class="field">
        <span>Period</span>
        <select
          class="select"
          disabled={isKnown}
          value={period}
          onChange={({ currentTarget }) => setPeriod(currentTarget.value === "month" ? "month" : "day")}
        >
          <option value="day">day (UTC)</option>
          <option value="month">month (UTC)</option>
        </select>
      </label>
      <label class="field">
        <span>Neurons</span>
        <input
          class="input"
          inputMode="decimal"
          autofocus
          placeholder="10000"
          value={neurons}
          onInput={({ currentTarget }) => setNeurons(currentTarget.value)}
        />
        <span class="hint">The account has 10,000 free neurons a day.</span>
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={letsHighThrough}
          onChange={({ currentTarget }) => setHigh(currentTarget.checked)}
        />
        <span>High-priority jobs may exceed the budget</span>
      </label>
    </FormDialog>
  );
}
