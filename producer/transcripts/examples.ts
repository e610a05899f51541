// What the document's examples show. A test checks each of them against the schemas.

const SEGMENT = {
  startMs: 0,
  endMs: 1160,
  text: "Shall we begin?",
  words: [
    { startMs: 0, endMs: 360, text: "Shall" },
    { startMs: 400, endMs: 760, text: "we" },
    { startMs: 800, endMs: 1160, text: "begin?" },
  ],
};

export const TRANSCRIPT = {
  model: "@cf/openai/whisper-large-v3-turbo",
  engine: "workers-ai",
  language: "en",
  durationMs: 11400,
  text: "Shall we begin?",
  segments: [SEGMENT],
  isComplete: true,
  gaps: [],
  lowConfidence: [],
};

export const EDITED_TRANSCRIPT = { ...TRANSCRIPT, segments: [{ ...SEGMENT, speaker: "Ann" }] };

export const EDIT_REQUEST = {
  operations: [
    { op: "speaker", segment: 0, speaker: "Ann" },
    { op: "replace", segment: 0, word: 2, words: [{ text: "start?" }] },
  ],
};

export const HISTORY = {
  versions: [
    {
      version: 1,
      etag: '"v1-27ca49c8255dc680"',
      createdAt: "2026-11-30T09:02:37.462Z",
      keyId: "k5849e0b6923ef46f",
      operations: 2,
      revertedTo: null,
    },
  ],
};

export const REVERT_REQUEST = { version: 0 };
