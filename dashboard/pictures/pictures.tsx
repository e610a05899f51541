import { JobRows } from "../jobs/job-rows.tsx";
import { useJobList } from "../jobs/list-query.ts";
import { EmptyState, ErrorState, Skeleton } from "../ui/states.tsx";

/** All pictures that were drawn. */
export function Pictures() {
  const list = useJobList({ q: "", state: undefined, kind: "image_generation", tag: undefined });
  const jobs = list.data?.pages.flatMap(({ items }) => items);
  return (
    <>
      <div class="page-head">
        <h1>Pictures</h1>
      </div>
      {list.error !== null && <ErrorState error={list.error} retry={() => void list.refetch()} />}
      {jobs === undefined ? (
        <Skeleton />
      ) : jobs.length === 0 ? (
        <EmptyState icon="image" title="No pictures yet" />
      ) : (
        <JobRows jobs={jobs} />
      )}
    </>
  );
}
