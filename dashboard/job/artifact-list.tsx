import { useMutation } from "@tanstack/preact-query";

import type { Job } from "../../client/index.ts";
import { api } from "../api/session.ts";
import { tellError } from "../shell/toasts.tsx";
import { formatBytes } from "../ui/format.ts";
import { Icon } from "../ui/icon.tsx";
import { IconButton } from "../ui/icon-button.tsx";

/** The artifacts of a job, each with a download button. */
export function ArtifactList({ job: { id, artifacts } }: { job: Job }) {
  const save = useMutation({ mutationFn: async (name: string) => saveArtifact(id, name), onError: tellError });
  if (artifacts.length === 0) return <p class="dim">The job stored no files.</p>;
  return (
    <ul class="card artifacts">
      {artifacts.map(({ name, contentType, sizeBytes }) => (
        <li key={name}>
          <Icon name="file" />
          <span class="one-line">
            {name}
            <span class="small dim block">
              {contentType} · {formatBytes(sizeBytes)}
            </span>
          </span>
          <IconButton
            icon="download"
            label={`Download ${name}`}
            title="Download"
            disabled={save.isPending}
            onClick={() => save.mutate(name)}
          />
        </li>
      ))}
    </ul>
  );
}

async function saveArtifact(id: string, name: string): Promise<void> {
  const { stream, contentType } = await api().jobs.download(id, name);
  const blob = await new Response(stream, { headers: { "content-type": contentType } }).blob();
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
