/** The groups of Darkroom's own operations, as the document and the page at /docs show them. */
export const TAGS = {
  jobs: "The work of Darkroom: submit jobs, estimate their cost, follow, cancel and delete them.",
  uploads: "Files: sent through the API, or directly into the bucket with signed URLs.",
  results: "The results of jobs: transcripts, pictures, labels, search, questions, and links that need no key.",
  generate: "Texts that a model writes while the client waits.",
  webhooks: "Addresses that receive the events of jobs, with their secrets and deliveries.",
  cost: "The cost of work, by job, day, model, kind and owner.",
  operations: "For the people who run Darkroom: dead letters, queues, budgets, retention, the audit and the archive.",
  keys: "API keys, with their owners, scopes and limits.",
  service: "The service itself: health, setup, this document and its page.",
} as const;

/** The groups of the dialects' operations, each in its own document. */
export const DIALECT_TAGS = {
  openai: "The operations that OpenAI's SDKs call.",
  replicate: "The operations that Replicate's SDKs call.",
} as const;

export type Tag = keyof typeof TAGS | keyof typeof DIALECT_TAGS;
