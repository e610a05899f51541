// What the document's examples show. A test checks each of them against the schemas.

export const WEBHOOK_REQUEST = {
  url: "https://example.com/hooks/darkroom",
  events: ["job.completed", "job.failed"],
  description: "The newsroom's receiver",
};

export const WEBHOOK_CHANGE = { disabled: true };

export const WEBHOOK = {
  id: "wh_b6c23d17522a41fe9ee5",
  url: "https://example.com/hooks/darkroom",
  events: ["job.completed", "job.failed"],
  description: "The newsroom's receiver",
  disabled: null,
  createdBy: "key:k5849e0b6923ef46f",
  createdAt: "2026-11-30T09:00:47.378Z",
};

export const CREATED_WEBHOOK = { ...WEBHOOK, secret: "whsec_B2EIkRHGrNony7Y+RuMpGJ8AbHuz+//2ORj3CIbrhv4=" };

export const WEBHOOKS = { webhooks: [WEBHOOK] };

export const DISABLED_WEBHOOK = {
  ...WEBHOOK,
  disabled: { since: "2026-11-30T09:10:47.664Z", reason: "Disabled by hand." },
};

export const SECRET = { secret: "whsec_B2EIkRHGrNony7Y+RuMpGJ8AbHuz+//2ORj3CIbrhv4=" };

export const ROTATED_SECRET = {
  secret: "whsec_B2EIkRHGrNony7Y+RuMpGJ8AbHuz+//2ORj3CIbrhv4=",
  previousValidUntil: "2026-12-01T09:00:47.415Z",
};

export const DELIVERY = {
  id: "whd_fe4c565702410e95592464439bf2c09c_1795999487469_b6c23d17522a41fe9ee5",
  event: "job.completed",
  jobId: "job_fe4c565702410e95592464439bf2c09c",
  state: "delivered",
  attempts: 1,
  nextAttemptAt: null,
  lastAttemptAt: "2026-11-30T09:00:06.489Z",
  durationMs: 84,
  response: { code: 204, body: "" },
  error: null,
  payload: {
    type: "job.completed",
    timestamp: "2026-11-30T09:00:06.085Z",
    data: {
      id: "job_fe4c565702410e95592464439bf2c09c",
      kind: "transcription",
      state: "completed",
      error: null,
      createdAt: "2026-11-30T09:00:04.716Z",
      startedAt: "2026-11-30T09:00:04.787Z",
      finishedAt: "2026-11-30T09:00:06.085Z",
      reusedFrom: null,
      labels: [],
      artifacts: [
        {
          name: "transcript.json",
          contentType: "application/json",
          sizeBytes: 617,
          url: "https://darkroom.example.com/v1/jobs/job_fe4c565702410e95592464439bf2c09c/artifacts/transcript.json",
        },
      ],
      url: "https://darkroom.example.com/v1/jobs/job_fe4c565702410e95592464439bf2c09c",
    },
  },
  createdAt: "2026-11-30T09:00:06.085Z",
};

export const DELIVERIES = { deliveries: [DELIVERY], nextCursor: null };

export const WAITING_DELIVERY = { ...DELIVERY, state: "pending", nextAttemptAt: "2026-11-30T09:05:12.545Z" };

export const TEST_DELIVERY = {
  ...DELIVERY,
  id: "whd_test_cad956a9151640c3b94d0a81c5a2776c",
  event: "webhook.test",
  jobId: null,
  payload: {
    type: "webhook.test",
    timestamp: "2026-11-30T09:00:47.607Z",
    data: { webhookId: "wh_b6c23d17522a41fe9ee5" },
  },
};
