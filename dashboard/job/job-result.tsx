import type { Job } from "../../client/index.ts";
import { lazy } from "../ui/lazy.tsx";
import { ArtifactList } from "./artifact-list.tsx";
import type { LiveJob } from "./use-job.ts";

const TranscriptView = lazy(async () => (await import("../transcript/transcript-view.tsx")).TranscriptView);
const PictureResult = lazy(async () => (await import("../pictures/picture-result.tsx")).PictureResult);
const LabelsResult = lazy(async () => (await import("../pictures/labels-result.tsx")).LabelsResult);
const TextResult = lazy(async () => (await import("./text-result.tsx")).TextResult);

/** The result of a job, with a view for each kind. A transcript is shown while it is being made. */
export function JobResult({ job, live }: { job: Job; live: LiveJob }) {
  switch (job.kind) {
    case "transcription":
      return <TranscriptView job={job} live={live} />;
    case "image_generation":
      return <PictureResult job={job} />;
    case "classification":
      return <LabelsResult job={job} />;
    case "text_generation":
      return <TextResult job={job} />;
    default:
      return <ArtifactList job={job} />;
  }
}
