// What the document's examples show. A test checks each of them against the schemas.

export const QUESTION = { question: "When does the survey come?" };

export const ANSWER = {
  answer: "The survey follows on Friday [00:03].",
  model: "@cf/ibm-granite/granite-4.0-h-micro",
  engine: "workers-ai",
  neurons: 0.84,
  covers: { isWhole: true, durationMs: 11400, stretches: [{ startMs: 0, endMs: 11400 }] },
};

export const ANSWER_EVENT = { text: "The survey follows" };
