// What the document's examples show. A test checks each of them against the schemas.

export const REDRIVE_REQUEST = { filter: { code: "invalid_model_input" }, ratePerSecond: 10, canary: true };

export const REDRIVE = {
  id: "rd_e41ed469328645d88f9fb77d99f9bb5c",
  state: "running",
  reason: null,
  filter: { code: "invalid_model_input" },
  limit: 1000,
  ratePerSecond: 10,
  canary: null,
  progress: {
    matched: 40,
    pending: 12,
    redriven: 28,
    skipped: 0,
    released: 0,
    running: 1,
    completed: 26,
    failed: 1,
    cancelled: 0,
  },
  createdAt: "2026-11-30T09:00:46.175Z",
  finishedAt: null,
  url: "https://darkroom.example.com/v1/redrives/rd_e41ed469328645d88f9fb77d99f9bb5c",
};

export const REDRIVE_PAGE = { redrives: [REDRIVE], nextCursor: null };

export const CANCELLED_REDRIVE = { ...REDRIVE, state: "cancelled", finishedAt: "2026-11-30T09:01:02.020Z" };

export const REDRIVE_DRY_RUN = {
  dryRun: true,
  matched: 3,
  overLimit: 0,
  heldByOthers: 0,
  lastsSeconds: 1,
  estimate: { neurons: 0.021545999999999996, unknown: 0, microUsd: 0.237006 },
  sample: [
    {
      id: "dl_job_fd087ec3459a4b209f1bbf76abb7c13b.classify.1",
      fingerprint: "classify:invalid_model_input:ec481ae2",
      jobId: "job_fd087ec3459a4b209f1bbf76abb7c13b",
      taskId: "job_fd087ec3459a4b209f1bbf76abb7c13b.classify",
      reason: "The model refused the request as incomplete. (3003)",
      createdAt: "2026-11-30T09:00:43.990Z",
      url: "https://darkroom.example.com/v1/dead-letters/dl_job_fd087ec3459a4b209f1bbf76abb7c13b.classify.1",
    },
  ],
};
