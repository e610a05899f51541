import "./pictures.css";

import { useEffect, useState } from "preact/hooks";
import { Link, useSearchParams } from "wouter-preact";

import type { Job } from "../../client/index.ts";
import { may } from "../api/session.ts";
import { useJobList } from "../jobs/list-query.ts";
import { Icon } from "../ui/icon.tsx";
import { EmptyState, ErrorState, ShowMore, Skeleton } from "../ui/states.tsx";
import { CompareDialog } from "./compare-dialog.tsx";
import { PictureTile } from "./picture-tile.tsx";

/** All generated pictures, with their prompts and settings. */
export function Pictures() {
  const [params, setParams] = useSearchParams();
  const q = params.get("q")?.trim() ?? "";
  const [chosen, setChosen] = useState<readonly Job[]>([]);
  const [isComparing, setComparing] = useState(false);
  const list = useJobList({ q, state: undefined, kind: "image_generation", tag: undefined });
  const jobs = list.data?.pages.flatMap(({ items }) => items);
  useEffect(() => {
    document.title = "Pictures · Darkroom";
  }, []);
  const choose = (job: Job) =>
    setChosen((before) =>
      before.some(({ id }) => id === job.id) ? before.filter(({ id }) => id !== job.id) : [...before.slice(-1), job],
    );
  const [left, right] = chosen;
  const draw = may("jobs:write") && (
    <Link href="/new?from=prompt" class="button primary">
      <Icon name="image" />
      Draw a picture
    </Link>
  );
  return (
    <>
      <div class="page-head">
        <h1>Pictures</h1>
        <input
          class="input pictures-search"
          type="search"
          aria-label="Search prompts"
          placeholder="Search prompts"
          value={q}
          onChange={({ currentTarget: { value } }) => setParams(value.trim() === "" ? {} : { q: value.trim() })}
        />
        {draw}
      </div>
      {list.error !== null && <ErrorState error={list.error} retry={() => void list.refetch()} isInline />}
      {jobs === undefined ? (
        list.error === null && <Skeleton rows={2} height={280} />
      ) : jobs.length === 0 ? (
        <EmptyState icon="image" title={q === "" ? "No pictures yet" : "No prompt matches"} actions={draw}>
          {q === ""
            ? "Describe what you want to see. The picture then appears here with its prompt, model, seed and cost."
            : `None of your prompts contains “${q}”.`}
        </EmptyState>
      ) : (
        <ul class="gallery">
          {jobs.map((job) => (
            <PictureTile
              key={job.id}
              summary={job}
              isChosen={chosen.some(({ id }) => id === job.id)}
              onChoose={choose}
            />
          ))}
        </ul>
      )}
      <ShowMore list={list}>Show older pictures</ShowMore>
      {chosen.length > 0 && (
        <div class="action-bar" role="status">
          <span>{right === undefined ? "One picture is selected. Select another." : "Two pictures are selected."}</span>
          <button type="button" class="button" onClick={() => setChosen([])}>
            Clear
          </button>
          <button
            type="button"
            class="button primary"
            disabled={right === undefined}
            onClick={() => setComparing(true)}
          >
            Compare
          </button>
        </div>
      )}
      {isComparing && left !== undefined && right !== undefined && (
        <CompareDialog jobs={[left, right]} onClose={() => setComparing(false)} />
      )}
    </>
  );
}
