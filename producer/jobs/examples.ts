// What the document's examples show. A test checks each of them against the schemas.

const SUMMARY = {
  id: "job_fe4c565702410e95592464439bf2c09c",
  kind: "transcription",
  state: "completed",
  title: "standup.mp3",
  tags: ["standup"],
  metadata: { team: "harbour" },
  createdAt: "2026-11-30T09:00:04.716Z",
  startedAt: "2026-11-30T09:00:04.787Z",
  finishedAt: "2026-11-30T09:00:06.085Z",
  error: null,
  reused: null,
  url: "https://darkroom.example.com/v1/jobs/job_fe4c565702410e95592464439bf2c09c",
};

const INPUT = {
  source: {
    key: "inbox/uploads/056395b32b1a4863ac1376972b6b0e9c/standup.mp3",
    etag: "6dd9406a5668b914f8e26b89dce2b0ec",
    sizeBytes: 182300,
  },
  options: { tier: "accurate" },
};

const ESTIMATE = {
  neurons: 8.8597,
  microUsd: 97.4567,
  calls: 1,
  isRough: false,
  lines: [
    {
      task: "transcribe",
      model: "@cf/openai/whisper-large-v3-turbo",
      calls: 1,
      neurons: 8.8597,
      units: { audioSeconds: 11.4 },
    },
  ],
};

export const JOB = {
  ...SUMMARY,
  input: INPUT,
  terms: { priority: "normal", startBy: null, deadlineAt: null, maxNeurons: null },
  choice: {
    model: "@cf/openai/whisper-large-v3-turbo",
    tier: "accurate",
    by: "tier",
    reason: "It is the model of the tier 'accurate'.",
  },
  estimate: ESTIMATE,
  progress: { tasksCompleted: 1, tasksTotal: 1, fraction: 1 },
  timings: { queuedMs: 71, runningMs: 1298 },
  waiting: null,
  queue: null,
  recording: null,
  attempts: [
    {
      taskId: "job_fe4c565702410e95592464439bf2c09c.transcribe",
      number: 1,
      outcome: "completed",
      startedAt: "2026-11-30T09:00:04.813Z",
      durationMs: 1272,
      model: "@cf/openai/whisper-large-v3-turbo",
      engine: "workers-ai",
      neurons: 8.8597,
      calls: [
        {
          model: "@cf/openai/whisper-large-v3-turbo",
          engine: "workers-ai",
          units: { audioSeconds: 11.4 },
          neurons: 8.8597,
          isEstimated: false,
          durationMs: 1104,
          startedAt: "2026-11-30T09:00:04.854Z",
          shape: "{text,segments:[{start,end,text,words:[{word,start,end}]}],transcription_info:{language,duration}}",
        },
      ],
      error: null,
    },
  ],
  artifacts: [
    {
      name: "transcript.json",
      contentType: "application/json",
      sizeBytes: 617,
      url: "https://darkroom.example.com/v1/jobs/job_fe4c565702410e95592464439bf2c09c/artifacts/transcript.json",
    },
    {
      name: "transcript.txt",
      contentType: "text/plain; charset=utf-8",
      sizeBytes: 75,
      url: "https://darkroom.example.com/v1/jobs/job_fe4c565702410e95592464439bf2c09c/artifacts/transcript.txt",
    },
    {
      name: "transcript.vtt",
      contentType: "text/vtt; charset=utf-8",
      sizeBytes: 124,
      url: "https://darkroom.example.com/v1/jobs/job_fe4c565702410e95592464439bf2c09c/artifacts/transcript.vtt",
    },
  ],
  labels: [],
  notices: [],
};

export const QUEUED_JOB = {
  ...JOB,
  state: "queued",
  startedAt: null,
  finishedAt: null,
  progress: { tasksCompleted: 0, tasksTotal: 1, fraction: 0 },
  timings: { queuedMs: null, runningMs: null },
  queue: {
    position: 0,
    isAtLeast: false,
    startsAt: "2026-11-30T09:00:04.727Z",
    eta: "2026-11-30T09:00:06.025Z",
    measured: { jobs: 24, medianRunMs: 1298, msBetweenEnds: 640 },
  },
  attempts: [],
  artifacts: [],
};

export const CANCELLED_JOB = { ...QUEUED_JOB, state: "cancelled", finishedAt: "2026-11-30T09:00:05.477Z", queue: null };

export const JOB_PAGE = {
  jobs: [SUMMARY],
  nextCursor: "MTc5NTk5OTQ4NDEyOTpqb2JfNjMyZDE0NjFkZWYyNGRkMGFkYWE0OWM1MTAzM2Q3NTU",
};

export const DELETED_JOB = { id: "job_fe4c565702410e95592464439bf2c09c", source: "kept" };

export const BATCH_REQUEST = {
  jobs: [
    { kind: "classification", text: "What a lovely day." },
    { kind: "transcription", source: "inbox/none.mp3" },
  ],
};

const REFUSED = {
  index: 1,
  status: 404,
  problem: {
    type: "urn:darkroom:problem:source_not_found",
    title: "No such source object",
    status: 404,
    detail: "There is no object 'inbox/none.mp3'.",
    code: "source_not_found",
  },
};

export const BATCH = {
  results: [
    {
      index: 0,
      status: 201,
      job: {
        ...SUMMARY,
        kind: "classification",
        state: "queued",
        title: "What a lovely day.",
        tags: [],
        metadata: {},
        startedAt: null,
        finishedAt: null,
      },
    },
    REFUSED,
  ],
};

export const BATCH_ESTIMATE = {
  results: [
    {
      index: 0,
      status: 200,
      estimate: {
        neurons: 0.01197,
        microUsd: 0.13167,
        calls: 1,
        isRough: true,
        lines: [
          {
            task: "classify",
            model: "@cf/huggingface/distilbert-sst-2-int8",
            calls: 1,
            neurons: 0.01197,
            units: { inputTokens: 5 },
          },
        ],
      },
    },
    REFUSED,
  ],
  free: { neurons: 10000, used: 412.5, left: 9587.5, resetsAt: "2026-12-01T00:00:00.000Z" },
};

export const JOB_REQUEST = {
  kind: "image_generation",
  prompt: "a harbour at dawn, in watercolour",
  options: { steps: 4 },
  tags: ["cover"],
};

export const CHUNKS = { chunks: [] };
