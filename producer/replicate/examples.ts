// What the examples of Replicate's document show. A test checks each of them against the schemas.

const ID = "job_6da79e4a3ad947c1bfebf48f94722d73";
const URL = `https://darkroom.example.com/replicate/v1/predictions/${ID}`;

export const VERSION = {
  id: "8099696689d249cf8b122d833c36ac3f75505c666a395ca40ef26f68e7d3d16e",
  created_at: "2026-11-23T00:00:00.000Z",
  cog_version: "0.16.0",
  openapi_schema: {
    openapi: "3.0.2",
    info: { title: "Cog", version: "0.1.0" },
    paths: {},
    components: { schemas: { Input: { type: "object", title: "Input", required: ["prompt"] } } },
  },
};

export const VERSIONS = { previous: null, next: null, results: [VERSION] };

export const ACCOUNT = { type: "organization", username: "newsroom", name: "newsroom", github_url: null };

export const MODEL = {
  url: "https://darkroom.example.com/replicate/v1/models/black-forest-labs/flux-schnell",
  owner: "black-forest-labs",
  name: "flux-schnell",
  description: "Pictures in a few steps",
  visibility: "private",
  is_official: false,
  run_count: 0,
  latest_version: VERSION,
};

export const MODELS = { previous: null, next: null, results: [MODEL] };

export const PREDICTION_REQUEST = { version: "black-forest-labs/flux-schnell", input: { prompt: "a harbour at dawn" } };

export const INPUT_REQUEST = { input: { prompt: "a harbour at dawn" } };

export const PREDICTION = {
  id: ID,
  model: "black-forest-labs/flux-schnell",
  version: "8099696689d249cf8b122d833c36ac3f75505c666a395ca40ef26f68e7d3d16e",
  input: { prompt: "a harbour at dawn" },
  output: [
    `https://darkroom.example.com/signed/jobs/${ID}/artifacts/image.jpg?expires=1796032806&signature=8dac72eb6ece8214a182ee3d7b1bef663a7b5601ac915f7875473a50eff5c866`,
  ],
  logs: "attempt 1: @cf/black-forest-labs/flux-1-schnell: completed\n",
  error: null,
  status: "succeeded",
  source: "api",
  data_removed: false,
  created_at: "2026-11-30T09:00:04.716Z",
  started_at: "2026-11-30T09:00:04.787Z",
  completed_at: "2026-11-30T09:00:06.085Z",
  metrics: { predict_time: 1.298, total_time: 1.369 },
  urls: { get: URL, cancel: `${URL}/cancel` },
};

export const STARTED = {
  ...PREDICTION,
  output: null,
  logs: "",
  status: "starting",
  started_at: null,
  completed_at: null,
  metrics: {},
};

export const CANCELED = { ...STARTED, status: "canceled", completed_at: "2026-11-30T09:00:05.477Z" };

export const PREDICTIONS = { previous: null, next: null, results: [{ ...PREDICTION, output: null, logs: "" }] };

export const FILE = {
  id: "1764493204716-3750ab3091ba4035bcf2e11a05b17e6c",
  content_type: "audio/mpeg",
  size: 182_300,
  checksums: { sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" },
  metadata: {},
  created_at: "2026-11-30T09:00:04.716Z",
  expires_at: "2026-12-30T09:00:04.716Z",
  urls: { get: "https://darkroom.example.com/replicate/v1/files/1764493204716-3750ab3091ba4035bcf2e11a05b17e6c" },
};

export const FILES = { previous: null, next: null, results: [FILE] };

export const SECRET = { key: "whsec_B2EIkRHGrNony7Y+RuMpGJ8AbHuz+//2ORj3CIbrhv4=" };
