import "./uploads.css";

import { useEffect } from "preact/hooks";
import { Link, useSearchParams } from "wouter-preact";

import { may } from "../api/session.ts";
import { Icon, type IconName } from "../ui/icon.tsx";
import { EmptyState } from "../ui/states.tsx";
import { FileForm } from "./file-form.tsx";
import { PromptForm } from "./prompt-form.tsx";
import { TextForm } from "./text-form.tsx";
import { WriteForm } from "./write-form.tsx";

const WAYS = [
  { way: "files", name: "Files", icon: "upload" },
  { way: "prompt", name: "Draw a picture", icon: "image" },
  { way: "write", name: "Write a text", icon: "pen" },
  { way: "text", name: "Classify a text", icon: "text" },
] as const satisfies readonly { way: string; name: string; icon: IconName }[];

/** The view for new jobs, from files, a prompt or a text. */
export function NewJob() {
  const [params] = useSearchParams();
  const way = WAYS.find((one) => one.way === params.get("from"))?.way ?? "files";
  useEffect(() => {
    document.title = "New job · Darkroom";
  }, []);
  if (!may("jobs:write")) {
    return (
      <EmptyState icon="key" isPage title="This key may only read">
        Ask an admin for a key with the scope <code>jobs:write</code> to submit jobs.
      </EmptyState>
    );
  }
  return (
    <>
      <div class="page-head">
        <h1>New job</h1>
      </div>
      <nav class="tabs" aria-label="Input of the job">
        {WAYS.map((one) => (
          <Link
            key={one.way}
            href={one.way === "files" ? "/new" : `/new?from=${one.way}`}
            class="way"
            aria-current={one.way === way ? "page" : undefined}
          >
            <Icon name={one.icon} />
            {one.name}
          </Link>
        ))}
      </nav>
      <div class="new-part">
        {way === "files" && <FileForm />}
        {way === "prompt" && <PromptForm />}
        {way === "write" && <WriteForm />}
        {way === "text" && <TextForm />}
      </div>
    </>
  );
}
