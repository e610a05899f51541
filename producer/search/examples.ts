// What the document's examples show. A test checks each of them against the schemas.

export const FOUND = {
  hits: [
    {
      id: "job_fe4c565702410e95592464439bf2c09c:transcript:0",
      jobId: "job_fe4c565702410e95592464439bf2c09c",
      kind: "transcription",
      source: "transcript",
      text: "Shall we begin? The harbour drawings are ready, and the survey follows on Friday.",
      startMs: 0,
      endMs: 6200,
      snippet: "… The harbour drawings are ready …",
      score: 0.0327,
      similarity: 0.7735,
      title: "standup.mp3",
      foundBy: ["meaning", "words"],
      url: "https://darkroom.example.com/v1/jobs/job_fe4c565702410e95592464439bf2c09c/transcript?fromMs=0&toMs=6200",
      jobUrl: "https://darkroom.example.com/v1/jobs/job_fe4c565702410e95592464439bf2c09c",
    },
  ],
  model: "@cf/baai/bge-m3",
  engine: "workers-ai",
  neurons: 0.0022,
  degraded: null,
};
