// Actions and readings for tests of budgets.
import { expect } from "vitest";

import type { Budget } from "../producer/budgets/schema.ts";
import type { startDarkroom } from "./harness.ts";

/** The catalogue's price of a picture of 1024 × 1024 in four steps, which applies if a script says `unpriced`. */
export const PICTURE_NEURONS = 172.8;

/** The precision for sums of binary fractions. */
export const near = (neurons: number) => expect.closeTo(neurons, 6) as number;

export const picture = (name: string, more: object = {}) => ({
  kind: "image_generation",
  prompt: `unpriced ${name}`,
  reuse: false,
  ...more,
});

export function budgeting(darkroom: ReturnType<typeof startDarkroom>) {
  async function setBudget(path: string, neurons: number, more: object = {}): Promise<void> {
    const body = JSON.stringify({ neurons, ...more });
    const response = await darkroom.api(`/v1/budgets/${path}`, { method: "PUT", body });
    if (!response.ok) throw new Error(await response.text());
  }

  async function budgets(): Promise<readonly Budget[]> {
    return (await (await darkroom.api("/v1/budgets")).json<{ budgets: Budget[] }>()).budgets;
  }

  /** Return how often a picture was requested whose prompt contains this. */
  async function callsOf(name: string): Promise<number> {
    const { calls } = await darkroom.modelCalls();
    return Object.entries(calls).reduce((sum, [script, count]) => sum + (script.includes(name) ? count : 0), 0);
  }

  async function states(): Promise<Record<string, number>> {
    const { results } = await darkroom
      .bindings()
      .DB.prepare(
        `SELECT CASE WHEN j.finalized_at IS NOT NULL THEN j.state ELSE coalesce(
                  (SELECT error_code FROM attempts a JOIN tasks t ON t.id = a.task_id AND t.attempt = a.number AND t.state = 'retryable'
                    WHERE t.job_id = j.id), j.state) END AS state, count(*) AS n FROM jobs j GROUP BY 1`,
      )
      .all<{ state: string; n: number }>();
    return Object.fromEntries(results.map(({ state, n }) => [state, n]));
  }

  /** Let the time come that tasks held with this code wait for. */
  async function hurry(code: string): Promise<void> {
    await darkroom
      .bindings()
      .DB.prepare(
        `UPDATE tasks SET scheduled_at = 0, check_at = 0 WHERE state = 'retryable' AND EXISTS (
           SELECT 1 FROM attempts a WHERE a.task_id = tasks.id AND a.number = tasks.attempt AND a.error_code = ?1)`,
      )
      .bind(code)
      .run();
    await darkroom.maintain();
  }

  return { setBudget, budgets, callsOf, states, hurry };
}
