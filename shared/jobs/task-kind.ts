import { type JobKind, JOB_KINDS, kindOf, type KindTask } from "../kinds/index.ts";
import type { Step } from "./steps.ts";

export type TaskKind = KindTask | Step | "deliver_webhook";

/** Return the kinds of tasks that a kind of job has. Steps and deliveries follow or run beside jobs of several kinds. */
export function taskKindsOf(kind: JobKind): readonly string[] {
  return Object.keys(kindOf(kind).tasks);
}

/** Return the kind of job that a kind of task is part of; null for tasks that follow or run beside jobs of several kinds. */
export function jobKindOf(taskKind: string): JobKind | null {
  return JOB_KINDS.find((kind) => taskKindsOf(kind).includes(taskKind)) ?? null;
}
