// The names of what most jobs store. The row of an archived job has the number of its list instead of the names.

/**
 * Each is JSON, in the order of `STORED_NAMES`. The number of a list is its place. Only append: a row that led to other names would
 * leave objects in the bucket for ever.
 */
const LISTS = [
  `["labels.json"]`,
  `["image.jpg"]`,
  `["transcript.json","transcript.srt","transcript.txt","transcript.vtt"]`,
  `["generation.json","text.txt"]`,
  `["answer-1-first.json","generation.json","output.json"]`,
  `["image.png"]`,
] as const;

/** SQL: the number of the list that has these names (SQL of our own); null for other names, which the row has itself. */
export const usualNumberOf = (names: string) =>
  `CASE ${names} ${LISTS.map((list, number) => `WHEN '${list}' THEN ${number}`).join(" ")} END`;

/** SQL: the names of what archived job `j` has stored, as JSON; null if the bucket must be listed for it, or if it is whole. */
export const ARCHIVED_NAMES = `coalesce(j.stored_names, iif(j.archive_id IS NULL, NULL, CASE j.archive_names
  ${LISTS.map((list, number) => `WHEN ${number} THEN '${list}'`).join(" ")} END))`;
