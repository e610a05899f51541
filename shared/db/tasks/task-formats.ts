import { TASK_FORMATS } from "../../jobs/formats.ts";

/** SQL: the format in which this version writes tasks of a kind (SQL of our own). */
export const formatOf = (kind: string) =>
  `coalesce(json_extract('${JSON.stringify(Object.fromEntries(TASK_FORMATS))}', '$.' || ${kind}), 1)`;
