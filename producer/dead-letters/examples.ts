// What the document's examples show. A test checks each of them against the schemas.

export const GROUPS = {
  groups: [
    {
      fingerprint: "classify:invalid_model_input:ec481ae2",
      kind: "classify",
      code: "invalid_model_input",
      message: "The model refused the request as incomplete. (<n>)",
      count: 3,
      isAtLeast: false,
      firstSeenAt: "2026-11-30T09:00:43.990Z",
      lastSeenAt: "2026-11-30T09:00:44.228Z",
      sample: {
        id: "dl_job_6b3ad7d1717f45f3827a25da0f2d2d58.classify.1",
        jobId: "job_6b3ad7d1717f45f3827a25da0f2d2d58",
        taskId: "job_6b3ad7d1717f45f3827a25da0f2d2d58.classify",
        reason: "The model refused the request as incomplete. (3003)",
        url: "https://darkroom.example.com/v1/dead-letters/dl_job_6b3ad7d1717f45f3827a25da0f2d2d58.classify.1",
      },
    },
  ],
  nextCursor: null,
};

export const LETTER = {
  id: "dl_job_6b3ad7d1717f45f3827a25da0f2d2d58.classify.1",
  fingerprint: "classify:invalid_model_input:ec481ae2",
  kind: "classify",
  queue: "tasks",
  taskId: "job_6b3ad7d1717f45f3827a25da0f2d2d58.classify",
  jobId: "job_6b3ad7d1717f45f3827a25da0f2d2d58",
  body: null,
  code: "invalid_model_input",
  reason: "The model refused the request as incomplete. (3003)",
  state: "discarded",
  note: "The prompt was empty.",
  redriveId: null,
  createdAt: "2026-11-30T09:00:44.228Z",
  redrivenAt: null,
  discardedAt: "2026-11-30T09:00:45.910Z",
  attempts: [
    {
      taskId: "job_6b3ad7d1717f45f3827a25da0f2d2d58.classify",
      number: 1,
      outcome: "discard",
      startedAt: "2026-11-30T09:00:44.227Z",
      durationMs: 1,
      model: "@cf/huggingface/distilbert-sst-2-int8",
      engine: "workers-ai",
      neurons: 0,
      calls: [
        {
          model: "@cf/huggingface/distilbert-sst-2-int8",
          engine: "workers-ai",
          units: { inputTokens: 3 },
          neurons: 0,
          isEstimated: true,
          durationMs: null,
          startedAt: "2026-11-30T09:00:44.227Z",
        },
      ],
      error: { code: "invalid_model_input", message: "The model refused the request as incomplete. (3003)" },
    },
  ],
  url: "https://darkroom.example.com/v1/dead-letters/dl_job_6b3ad7d1717f45f3827a25da0f2d2d58.classify.1",
  options: { topK: 5, minScore: 0 },
  taskState: "discarded",
  jobState: "failed",
  audit: [
    {
      id: "au_1a0cfe41ae2c402fb8de093320510562",
      at: "2026-11-30T09:00:45.910Z",
      actor: "key:k5849e0b6923ef46f",
      act: "dead_letter.discard",
      subject: "dl_job_6b3ad7d1717f45f3827a25da0f2d2d58.classify.1",
      detail: { note: "The prompt was empty." },
    },
  ],
};

export const REDRIVE_REQUEST = { options: { steps: 2 } };

export const REDRIVEN = {
  id: "dl_job_6b3ad7d1717f45f3827a25da0f2d2d58.classify.1",
  jobId: "job_6b3ad7d1717f45f3827a25da0f2d2d58",
  redriven: true,
};

export const DISCARD_REQUEST = { note: "The prompt was empty." };

export const DISCARDED = {
  id: "dl_job_6b3ad7d1717f45f3827a25da0f2d2d58.classify.1",
  jobId: "job_6b3ad7d1717f45f3827a25da0f2d2d58",
  discarded: true,
};
