/** The groups of Darkroom's own operations, as the document and the page at /docs show them. */
export const TAGS = {
  jobs: "What Darkroom works on: submit jobs, price them before, follow them, cancel and delete them.",
  uploads: "Files: sent through the API, or directly into the bucket with signed URLs.",
  results: "What jobs have made: transcripts, pictures, labels, search, questions, and links that need no key.",
  generate: "Texts that a model writes while the client waits.",
  webhooks: "Addresses that are told of the events of jobs, with their secrets and deliveries.",
  cost: "What work has cost, by job, day, model, kind and owner.",
  operations: "For those who run Darkroom: dead letters, queues, budgets, retention, the audit and the archive.",
  keys: "API keys: who may do what, and how much of it.",
  service: "The service itself: health, setup, this document and its page.",
} as const;

/** The groups of the dialects' operations, each in its own document. */
export const DIALECT_TAGS = {
  openai: "What the SDKs of OpenAI call.",
  replicate: "What the SDKs of Replicate call.",
} as const;

export type Tag = keyof typeof TAGS | keyof typeof DIALECT_TAGS;
