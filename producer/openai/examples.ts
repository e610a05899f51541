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
