// What the document's examples show. A test checks each of them against the schemas.

export const ESTIMATE = {
  estimate: {
    neurons: 172.8,
    microUsd: 1900.8,
    calls: 1,
    isRough: false,
    lines: [
      {
        task: "generate_image",
        model: "@cf/black-forest-labs/flux-1-schnell",
        calls: 1,
        neurons: 172.8,
        units: { pictures: 1, tiles: 4, steps: 4, furtherMegapixels: 0 },
      },
    ],
  },
  free: { neurons: 10000, used: 412.5, left: 9587.5, resetsAt: "2026-12-01T00:00:00.000Z" },
};

export const RECEIPT = {
  jobId: "job_fe4c565702410e95592464439bf2c09c",
  kind: "transcription",
  state: "completed",
  finishedAt: "2026-11-30T09:00:06.085Z",
  attempts: [
    {
      taskId: "job_fe4c565702410e95592464439bf2c09c.transcribe",
      task: "transcribe",
      number: 1,
      outcome: "completed",
      finishedAt: "2026-11-30T09:00:06.085Z",
      neurons: 8.8597,
      microUsd: 97.4567,
      calls: [
        {
          model: "@cf/openai/whisper-large-v3-turbo",
          engine: "workers-ai",
          units: { audioSeconds: 11.4 },
          neurons: 8.8597,
          isEstimated: false,
          microUsd: 97.4567,
        },
      ],
    },
  ],
  reused: null,
  operations: [
    {
      operation: "r2ClassA",
      quantity: 5,
      basis: "counted",
      of: "results",
      usdPerMillion: 4.5,
      source: "developers.cloudflare.com/r2/pricing",
      asOf: "2026-11-23",
      microUsd: 22.5,
    },
    {
      operation: "r2ClassB",
      quantity: 2,
      basis: "counted",
      of: "sources",
      usdPerMillion: 0.36,
      source: "developers.cloudflare.com/r2/pricing",
      asOf: "2026-11-23",
      microUsd: 0.72,
    },
  ],
  total: {
    neurons: 8.8597,
    estimatedNeurons: 0,
    modelMicroUsd: 97.4567,
    operationsMicroUsd: 23.22,
    microUsd: 120.6767,
  },
};

export const USAGE = {
  scope: "all",
  from: "2026-11-01",
  to: "2026-11-30",
  rows: [
    {
      day: "2026-11-30",
      model: "@cf/openai/whisper-large-v3-turbo",
      calls: 61,
      neurons: 380.2,
      estimatedNeurons: 0,
      microUsd: 4182.2,
    },
    {
      day: "2026-11-30",
      model: "@cf/black-forest-labs/flux-1-schnell",
      calls: 2,
      neurons: 345.6,
      estimatedNeurons: 0,
      microUsd: 3801.6,
    },
  ],
  total: { calls: 63, neurons: 725.8, estimatedNeurons: 0, microUsd: 7983.8, billedMicroUsd: 0 },
  free: { neurons: 10000, used: 725.8, left: 9274.2, resetsAt: "2026-12-01T00:00:00.000Z" },
};
