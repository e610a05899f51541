import { useMutation, useQuery, useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";

import type { Budget } from "../../client/index.ts";
import { IDLE_MS } from "../api/queries.ts";
import { api, isOperator, may } from "../api/session.ts";
import { tell, tellError } from "../shell/toasts.tsx";
import { confirm } from "../ui/dialog.tsx";
import { formatCount, formatDateTime, formatNeurons, formatPercent } from "../ui/format.ts";
import { Icon } from "../ui/icon.tsx";
import { kindName } from "../ui/kinds.ts";
import { ErrorState } from "../ui/states.tsx";
import { BudgetDialog } from "./budget-dialog.tsx";
import { useLoad } from "./load.ts";

const BUDGETS_KEY = ["budgets"] as const;

/** The budgets with their usage, and the tasks that a budget or the platform holds. */
export function Budgets() {
  const [isSetting, setSetting] = useState(false);
  const budgets = useQuery({
    queryKey: BUDGETS_KEY,
    queryFn: ({ signal }) => api().budgets.list({ signal }),
    refetchInterval: IDLE_MS,
  });
  const maySet = isOperator() && may("admin");
  return (
    <section>
      <div class="section-head">
        <h2>Budgets</h2>
        {maySet && (
          <button type="button" class="button" onClick={() => setSetting(true)}>
            <Icon name="plus" />
            Set a budget
          </button>
        )}
      </div>
      <Held budgets={budgets.data ?? []} />
      {budgets.error !== null && <ErrorState error={budgets.error} retry={() => void budgets.refetch()} isInline />}
      {budgets.data?.length === 0 && (
        <p class="card quiet-card soft">
          No budget limits the spending.{" "}
          {maySet
            ? "When the neurons of a budget are used up, tasks are held until its next period begins."
            : "The operator can set a budget."}
        </p>
      )}
      {budgets.data !== undefined && budgets.data.length > 0 && (
        <ul class="budgets">
          {budgets.data.map((budget) => (
            <BudgetCard key={`${budget.ownerId} ${budget.period}`} budget={budget} maySet={maySet} />
          ))}
        </ul>
      )}
      {isSetting && <BudgetDialog onClose={() => setSetting(false)} />}
    </section>
  );
}

/** The held tasks, why they are held, and until when. */
function Held({ budgets }: { budgets: readonly Budget[] }) {
  const { data: load } = useLoad();
  const held = load?.kinds.filter(({ tasks }) => tasks.held > 0) ?? [];
  if (load === undefined || held.length === 0) return null;
  const used = budgets.filter(({ remainingNeurons }) => remainingNeurons <= 0);
  const why =
    load.hold !== null
      ? `The platform refused a call (${load.hold.code}). Tasks are held until ${formatDateTime(load.hold.until)}.`
      : used.length > 0
        ? `Used up: ${used.map((budget) => `${whose(budget)}, a ${budget.period}, until ${formatDateTime(budget.resetsAt)}`).join("; ")}.`
        : "The next call would exceed a budget, or the daily allocation is used up. The tasks continue at midnight UTC.";
  return (
    <div class="notice" data-tone="warn" role="status">
      <Icon name="pause" />
      <div class="notice-text">
        <strong>
          Held tasks: {held.map(({ kind, tasks }) => `${formatCount(tasks.held)} × ${kindName(kind)}`).join(", ")}.
        </strong>{" "}
        {why}
      </div>
    </div>
  );
}

function BudgetCard({ budget, maySet }: { budget: Budget; maySet: boolean }) {
  const { ownerId, period, neurons, spentNeurons, reservedNeurons, remainingNeurons, share, resetsAt } = budget;
  const [isSetting, setSetting] = useState(false);
  const queries = useQueryClient();
  const lift = useMutation({
    mutationFn: async () => api().budgets.delete(ownerId ?? "account", period),
    onSuccess: () => tell(`The budget of ${whose(budget)} is lifted. The tasks that it held continue.`),
    onError: tellError,
    onSettled: async () => queries.invalidateQueries({ queryKey: BUDGETS_KEY }),
  });
  async function ask() {
    const text = "This spending is then unlimited, and the tasks that the budget holds continue at once.";
    const title = `Lift the budget of ${whose(budget)}?`;
    if (await confirm({ title, text, act: "Lift budget", isDangerous: true })) lift.mutate();
  }
  const tone = share >= 1 ? "bad" : share >= 0.8 ? "warn" : "good";
  return (
    <li class="card budget">
      <header>
        <h3>
          {ownerId ?? "The whole account"} <span class="dim">a {period}</span>
        </h3>
        <span class={tone === "good" ? "soft" : tone}>{formatPercent(share)}</span>
      </header>
      <svg
        class="meter"
        viewBox="0 0 100 1"
        preserveAspectRatio="none"
        role="img"
        aria-label={`${formatPercent(share)} of the budget is spent`}
      >
        <rect class="meter-spent" data-tone={tone} width={Math.min(100, share * 100)} height="1" />
        <rect
          class="meter-reserved"
          x={Math.min(100, share * 100)}
          width={Math.min(100 - Math.min(100, share * 100), (reservedNeurons / neurons) * 100)}
          height="1"
        />
      </svg>
      <p class="small soft">
        {formatNeurons(spentNeurons)} of {formatNeurons(neurons)} neurons spent
        {reservedNeurons > 0 && `, ${formatNeurons(reservedNeurons)} reserved for running calls`}
        {remainingNeurons > 0 ? `, ${formatNeurons(remainingNeurons)} left.` : "."}
      </p>
      <p class="small dim">
        Resets {formatDateTime(resetsAt)}
        {budget.letsHighThrough && " · high-priority jobs may exceed it"}
      </p>
      {maySet && (
        <div class="actions">
          <button
            type="button"
            class="link small"
            aria-label={`Change the budget of ${whose(budget)} a ${period}`}
            onClick={() => setSetting(true)}
          >
            Change
          </button>
          <button
            type="button"
            class="link small"
            aria-label={`Lift the budget of ${whose(budget)} a ${period}`}
            disabled={lift.isPending}
            onClick={() => void ask()}
          >
            Lift
          </button>
        </div>
      )}
      {isSetting && <BudgetDialog budget={budget} onClose={() => setSetting(false)} />}
    </li>
  );
}

function whose({ ownerId }: Budget): string {
  return ownerId ?? "the whole account";
}
