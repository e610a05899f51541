/** The events that the operator's endpoints get about the deployment: each alert once an incident, and one when it is over. */
export const OPS_EVENTS = [
  "ops.cron_stopped",
  "ops.queue_growing",
  "ops.dead_letters_burst",
  "ops.budget_low",
  "ops.database_filling",
  "ops.recovered",
] as const;
