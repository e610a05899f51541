import { useQuery } from "@tanstack/preact-query";

import type { Job } from "../../client/index.ts";
import { api } from "../api/session.ts";

/** The description or summary that a step has written about a picture or text. */
export function Description({ job: { id, artifacts } }: { job: Job }) {
  const written = artifacts.filter(({ name }) => /^(description|summary|caption)\.(txt|md)$/.test(name));
  return (
    <>
      {written.map(({ name }) => (
        <Written key={name} id={id} name={name} />
      ))}
    </>
  );
}

function Written({ id, name }: { id: string; name: string }) {
  const text = useQuery({
    queryKey: ["artifact-text", id, name],
    queryFn: async ({ signal }) => new Response((await api().jobs.download(id, name, { signal })).stream).text(),
    staleTime: Infinity,
  });
  if (text.data === undefined || text.data.trim() === "") return null;
  return (
    <figure class="written">
      <figcaption class="dim small">{name.startsWith("summary") ? "Summary" : "What it shows"}</figcaption>
      <p>{text.data}</p>
    </figure>
  );
}
