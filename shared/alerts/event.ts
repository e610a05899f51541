/** What the operator's endpoints are told of the deployment: each alert once an incident, and that it is over. */
export const OPS_EVENTS = [
  "ops.cron_stopped",
  "ops.queue_growing",
  "ops.dead_letters_burst",
  "ops.budget_low",
  "ops.database_filling",
  "ops.recovered",
] as const;
