import { useMutation, useQuery, useQueryClient } from "@tanstack/preact-query";
import { useLocation } from "wouter-preact";

import type { Job } from "../../client/index.ts";
import { api, may } from "../api/session.ts";
import { useShortcuts } from "../shell/shortcuts.ts";
import { tell, tellError } from "../shell/toasts.tsx";
import { confirm } from "../ui/dialog.tsx";
import { copyText } from "../ui/copy.tsx";
import { Icon } from "../ui/icon.tsx";
import { Menu } from "../ui/menu.tsx";
import { asCli, asCurl, asTypeScript } from "./copy-as.ts";
import { hasEnded, jobKey } from "./use-job.ts";

/** The buttons for a job. A key that may only read sees only those that need no other scope. */
export function JobActions({ job }: { job: Job }) {
  const { id, title } = job;
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const mayWrite = may("jobs:write");
  const isOver = hasEnded(job);
  const letters = useQuery({
    queryKey: ["dead-letters", "of", id],
    queryFn: async ({ signal }) =>
      (await api().deadLetters.list({ jobId: id, state: "open" }, { signal }).page()).items,
    // A recording may have completed with a gap.
    enabled: isOver && (job.state === "failed" || job.kind === "transcription") && may("jobs:read", "jobs:write"),
  });
  const open = letters.data ?? [];
  const refresh = async () => queries.invalidateQueries({ queryKey: ["jobs"] });

  const cancel = useMutation({
    mutationFn: async () => api().jobs.cancel(id),
    onSuccess: () => tell("The job was cancelled."),
    onError: tellError,
    onSettled: refresh,
  });
  const redrive = useMutation({
    mutationFn: async () => {
      for (const letter of open) await api().deadLetters.redrive(letter.id);
    },
    onSuccess: () => tell("The job runs again."),
    onError: tellError,
    onSettled: async () => {
      await refresh();
      await queries.invalidateQueries({ queryKey: ["dead-letters"] });
    },
  });
  const remove = useMutation({
    mutationFn: async (source: boolean) => api().jobs.delete(id, { source }),
    async onSuccess({ source }) {
      tell(
        source === "deleted" || source === "pending" ? "The job and its file were deleted." : "The job was deleted.",
      );
      navigate("/");
      queries.removeQueries({ queryKey: jobKey(id) });
      await refresh();
    },
    onError: tellError,
  });

  async function askToCancel() {
    const text = "Model calls that were already made are paid for. The remaining tasks do not run.";
    if (await confirm({ title: `Cancel “${short(title)}”?`, text, act: "Cancel job", isDangerous: true }))
      cancel.mutate();
  }
  async function askToRedrive() {
    const parts = open.length === 1 ? "The job" : `${open.length} failed parts of the job`;
    const text = `${parts} will run again with the same options. The new model calls are paid for.`;
    if (await confirm({ title: `Redrive “${short(title)}”?`, text, act: "Redrive job" })) redrive.mutate();
  }
  async function askToDelete(source: boolean) {
    const what = source ? "the job, its results and the file it read" : "the job and its results";
    const text = `This deletes ${what}. You cannot undo it.`;
    if (
      await confirm({
        title: `Delete “${short(title)}”?`,
        text,
        act: source ? "Delete job and file" : "Delete job",
        isDangerous: true,
      })
    )
      remove.mutate(source);
  }
  const hasSource = "source" in job.input;
  useShortcuts("Job", [
    { keys: "u", does: "Go back to the list", run: () => navigate("/") },
    { keys: "d", does: "Show the details of the job", run: () => navigate(`/jobs/${id}/details`) },
    { keys: "r", does: "Show the result of the job", run: () => navigate(`/jobs/${id}`) },
    ...(mayWrite && !isOver ? [{ keys: "c", does: "Cancel the job", run: () => void askToCancel() }] : []),
    ...(open.length > 0 ? [{ keys: "R", does: "Redrive the job", run: () => void askToRedrive() }] : []),
  ]);
  return (
    <div class="actions job-actions">
      {mayWrite && !isOver && (
        <button type="button" class="button" disabled={cancel.isPending} onClick={() => void askToCancel()}>
          <Icon name="close" />
          <span>Cancel</span>
        </button>
      )}
      {open.length > 0 && (
        <button type="button" class="button" disabled={redrive.isPending} onClick={() => void askToRedrive()}>
          <Icon name="redo" />
          <span>Redrive</span>
        </button>
      )}
      <Menu label="More actions" class="icon-button bordered" trigger={<Icon name="dots" />}>
        <button type="button" class="menu-item" onClick={() => void copy(asCurl(job), "The curl command")}>
          <Icon name="copy" />
          Copy as curl
        </button>
        <button type="button" class="menu-item" onClick={() => void copy(asCli(job), "The command")}>
          <Icon name="copy" />
          Copy as command line
        </button>
        <button type="button" class="menu-item" onClick={() => void copy(asTypeScript(job), "The TypeScript")}>
          <Icon name="copy" />
          Copy as TypeScript
        </button>
        <button type="button" class="menu-item" onClick={() => void copy(id, "The id")}>
          <Icon name="copy" />
          Copy the job id
        </button>
        {mayWrite && (
          <>
            <hr />
            <button type="button" class="menu-item" data-tone="bad" onClick={() => void askToDelete(false)}>
              <Icon name="trash" />
              Delete job
            </button>
            {hasSource && (
              <button type="button" class="menu-item" data-tone="bad" onClick={() => void askToDelete(true)}>
                <Icon name="trash" />
                Delete job and its file
              </button>
            )}
          </>
        )}
      </Menu>
    </div>
  );
}

async function copy(text: string, what: string): Promise<void> {
  if (await copyText(text)) tell(`${what} was copied.`);
  else tell("The browser did not allow the copy.", { tone: "bad" });
}

function short(title: string): string {
  return title.length > 60 ? `${title.slice(0, 60)}…` : title;
}
