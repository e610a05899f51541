import type { Job } from "../../client/index.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Skeleton } from "../ui/states.tsx";
import { useArtifactUrl } from "./blob-url.ts";
import { factsOf } from "./picture-facts.ts";

const NAMES = ["model", "width", "height", "seed", "steps", "guidance"] as const;

/** Two pictures side by side, with their prompts and settings. The differences are marked. */
export function CompareDialog({ jobs, onClose }: { jobs: readonly [Job, Job]; onClose: () => void }) {
  const facts = jobs.map(factsOf);
  const rows = [
    ["Prompt", ...facts.map(({ prompt }) => prompt)],
    ...NAMES.map((name) => [
      name.charAt(0).toUpperCase() + name.slice(1),
      ...facts.map((fact) => (name === "model" ? fact.model : text(fact.options[name]))),
    ]),
    ["Cost", ...facts.map(({ neurons }) => neurons)],
  ].filter(([, left, right]) => left !== "" || right !== "");
  return (
    <Dialog title="Compare two pictures" isWide onClose={onClose}>
      <div class="compare">
        {jobs.map((job) => (
          <ComparedPicture key={job.id} job={job} />
        ))}
      </div>
      <table class="plain compare-facts">
        <thead class="visually-hidden">
          <tr>
            <th scope="col">Setting</th>
            <th scope="col">Left</th>
            <th scope="col">Right</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, left, right]) => (
            <tr key={name} data-differs={left !== right}>
              <th scope="row">{name}</th>
              <td>{left === "" ? "–" : left}</td>
              <td>{right === "" ? "–" : right}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Dialog>
  );
}

function ComparedPicture({ job }: { job: Job }) {
  const artifact = job.artifacts.find(({ contentType }) => contentType.startsWith("image/"))?.name;
  const { url } = useArtifactUrl(job.id, artifact);
  return url === null ? <Skeleton rows={1} height={300} /> : <img src={url} alt={factsOf(job).prompt} />;
}

function text(value: string | number | undefined): string {
  return value === undefined ? "" : String(value);
}
