import type { Job } from "../../client/index.ts";
import { ErrorState, Skeleton } from "../ui/states.tsx";
import { useArtifactUrl } from "./blob-url.ts";

/** The picture that a job has drawn. */
export function PictureResult({ job }: { job: Job }) {
  const { url, error, retry } = useArtifactUrl(
    job.id,
    job.artifacts.find(({ contentType }) => contentType.startsWith("image/"))?.name,
  );
  if (error !== null) return <ErrorState error={error} retry={retry} />;
  return url === null ? (
    <Skeleton rows={1} height={420} />
  ) : (
    <img class="picture" src={url} alt={"prompt" in job.input ? job.input.prompt : job.title} />
  );
}
