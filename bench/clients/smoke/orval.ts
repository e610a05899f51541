// The functions of orval for fetch. Its zod schemas check every request and answer.
import { estimateJob, listJobs, readJob, readTranscript, submitJob, upload } from "./generated/orval.ts";
import {
  EstimateJobResponse,
  ListJobsResponse,
  ReadJobResponse,
  SubmitJobBody,
  UploadQueryParams,
} from "./generated/orval-zod.ts";
import { KEY, smoke } from "./steps.ts";

const options = { headers: { authorization: `Bearer ${KEY}` } };

await smoke({
  async submit(text) {
    const body = { kind: "classification", text } as const;
    SubmitJobBody.parse(body);
    const answer = await submitJob(body, options);
    if (answer.status !== 201) throw new Error(`${answer.status}`);
    return answer.data;
  },
  async upload(file, name) {
    const query = { name, reuse: "false" };
    UploadQueryParams.parse(query);
    const answer = await upload(file, query, options);
    if (answer.status !== 201) throw new Error(`${answer.status} ${JSON.stringify(answer.data)}`);
    return answer.data;
  },
  async read(id) {
    const answer = await readJob(id, options);
    if (answer.status !== 200) throw new Error(`${answer.status}`);
    return ReadJobResponse.parse(answer.data);
  },
  async transcript(id) {
    const answer = await readTranscript(id, undefined, options);
    if (answer.status !== 200) throw new Error(`${answer.status}`);
    return answer.data;
  },
  async list() {
    const answer = await listJobs(undefined, options);
    if (answer.status !== 200) throw new Error(`${answer.status}`);
    return ListJobsResponse.parse(answer.data).jobs;
  },
  async estimate(prompt) {
    const answer = await estimateJob({ kind: "image_generation", prompt }, options);
    if (answer.status !== 200) throw new Error(`${answer.status}`);
    return EstimateJobResponse.parse(answer.data);
  },
  async refused(source) {
    const answer = await submitJob({ kind: "transcription", source }, options);
    return answer.status === 404 ? (answer.data.code ?? "") : `${answer.status}`;
  },
});
