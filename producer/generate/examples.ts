// What the document's examples show. A test checks each of them against the schemas.

export const TEXT_REQUEST = { prompt: "What is a breakwater for?", system: "Answer in one sentence.", maxTokens: 100 };

const CHOICE = {
  model: "@cf/ibm-granite/granite-4.0-h-micro",
  tier: "fast",
  by: "tier",
  reason: "It is the model of the tier 'fast'.",
};

export const GENERATED = {
  text: "It shelters a harbour from the waves.",
  finishReason: "stop",
  model: CHOICE.model,
  choice: CHOICE,
  cut: null,
  usage: { inputTokens: 21, outputTokens: 9, neurons: 0.1238, isEstimated: false, engine: "workers-ai" },
};

export const GENERATED_EVENT = { text: "It shelters" };

export const TEXT_ESTIMATE = {
  estimate: {
    neurons: 1.0343,
    microUsd: 11.3773,
    calls: 1,
    isRough: true,
    lines: [
      {
        task: "generate",
        model: CHOICE.model,
        calls: 1,
        units: { inputTokens: 12, outputTokens: 100 },
        neurons: 1.0343,
      },
    ],
  },
  free: { neurons: 10_000, used: 1200, left: 8800, resetsAt: "2026-12-01T00:00:00.000Z" },
};
