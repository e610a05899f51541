const NAMES: Readonly<Record<string, string | undefined>> = {
  transcribe: "Transcribing",
  transcribe_chunk: "Transcribing a chunk",
  join_transcript: "Joining a transcript",
  generate_image: "Drawing a picture",
  classify: "Classifying",
  summarise: "Summarising",
  describe: "Describing",
  embed: "Indexing for the search by meaning",
  deliver_webhook: "Delivering to a webhook",
  message: "Unreadable message",
};

export const TASK_KINDS: readonly string[] = Object.keys(NAMES);

/** Return what a kind of task does, in words. */
export function taskName(kind: string): string {
  return NAMES[kind] ?? kind.replaceAll("_", " ");
}
