// What the examples of OpenAI's document show. A test checks each of them against the schemas.

export const MODEL = { id: "whisper-1", object: "model", created: 1_795_392_000, owned_by: "darkroom" };

export const MODELS = { object: "list", data: [MODEL] };

export const TRANSCRIPTION = {
  text: "Shall we begin? The harbour drawings are ready.",
  usage: { type: "duration", seconds: 12 },
};

export const TRANSLATION = { text: "Shall we begin? The harbour drawings are ready." };

export const IMAGE_REQUEST = { model: "dall-e-3", prompt: "a harbour at dawn, in watercolour", size: "1024x1024" };

export const IMAGES = {
  created: 1_796_029_206,
  data: [
    {
      url: "https://darkroom.example.com/signed/jobs/job_6da79e4a3ad947c1bfebf48f94722d73/artifacts/image.jpg?expires=1796032806&signature=8dac72eb6ece8214a182ee3d7b1bef663a7b5601ac915f7875473a50eff5c866",
    },
  ],
};

export const TRANSCRIPT_EVENT = { type: "transcript.text.delta", delta: "Shall we begin? " };

export const EMBEDDING_REQUEST = {
  model: "text-embedding-3-small",
  input: ["a harbour at dawn", "the port in the morning"],
};

export const EMBEDDINGS = {
  object: "list",
  model: "text-embedding-3-small",
  data: [
    { object: "embedding", index: 0, embedding: [0.0312, -0.0148, 0.0077] },
    { object: "embedding", index: 1, embedding: [0.0287, -0.0131, 0.0102] },
  ],
  usage: { prompt_tokens: 12, total_tokens: 12 },
};

export const CHAT_REQUEST = {
  model: "gpt-4o-mini",
  messages: [
    { role: "system", content: "Answer in one sentence." },
    { role: "user", content: "What is a breakwater for?" },
  ],
};

const WRITTEN = "It shelters a harbour from the waves.";

export const CHAT_COMPLETION = {
  id: "chatcmpl-8f1c2d3e4b5a69788796a5b4c3d2e1f0",
  object: "chat.completion",
  created: 1_796_029_206,
  model: "@cf/ibm-granite/granite-4.0-h-micro",
  choices: [
    {
      index: 0,
      message: { role: "assistant", content: WRITTEN, refusal: null },
      logprobs: null,
      finish_reason: "stop",
    },
  ],
  usage: { prompt_tokens: 21, completion_tokens: 9, total_tokens: 30 },
};

export const CHAT_CHUNK = {
  id: "chatcmpl-8f1c2d3e4b5a69788796a5b4c3d2e1f0",
  object: "chat.completion.chunk",
  created: 1_796_029_206,
  model: "@cf/ibm-granite/granite-4.0-h-micro",
  choices: [{ index: 0, delta: { content: "It shelters" }, logprobs: null, finish_reason: null }],
};

export const RESPONSE_REQUEST = { model: "gpt-4o-mini", input: "What is a breakwater for?", instructions: "Be short." };

export const RESPONSE = {
  id: "resp_3a1b2c3d4e5f60718293a4b5c6d7e8f9",
  object: "response",
  status: "completed",
  model: "@cf/ibm-granite/granite-4.0-h-micro",
  output: [
    {
      id: "msg_9f8e7d6c5b4a39281706f5e4d3c2b1a0",
      type: "message",
      role: "assistant",
      status: "completed",
      content: [{ type: "output_text", text: WRITTEN, annotations: [] }],
    },
  ],
  usage: { input_tokens: 14, output_tokens: 9, total_tokens: 23 },
};

export const RESPONSE_EVENT = {
  type: "response.output_text.delta",
  item_id: "msg_9f8e7d6c5b4a39281706f5e4d3c2b1a0",
  output_index: 0,
  content_index: 0,
  delta: "It shelters",
  sequence_number: 4,
};
