// What the document's examples show. A test checks each of them against the schemas.

export const KIND_LOAD = {
  kind: "transcription",
  paused: null,
  tasks: { waiting: 12, delayed: 1, held: 0, running: 4, pending: 6, oldestDueAgeMs: 850 },
  jobs: { last5Minutes: { completed: 18, failed: 0 }, lastHour: { completed: 204, failed: 3 } },
  openDeadLetters: 3,
  atLeast: [],
};

export const PAUSED_KIND = {
  ...KIND_LOAD,
  paused: { since: "2026-11-30T09:00:46.732Z", note: "The model's prices change today." },
};

export const PAUSE_REQUEST = { note: "The model's prices change today." };

export const LOAD = {
  scope: "all",
  jobsCounted: null,
  queues: [{ name: "uploads", backlogMessages: 0, backlogBytes: 0, oldestMessageAgeMs: null, reason: null }],
  database: { sizeBytes: 479232, limitBytes: 10000000000 },
  hold: null,
  kinds: [KIND_LOAD],
  unreadableMessages: 0,
};

export const THROUGHPUT = {
  scope: "all",
  from: "2026-11-30T08:00:46.682Z",
  to: "2026-11-30T09:00:46.682Z",
  stepSeconds: 60,
  points: [{ at: "2026-11-30T09:00:00.000Z", kind: "transcription", completed: 4, failed: 0 }],
};
