import "./first-use.css";

import { useMutation, useQueryClient } from "@tanstack/preact-query";
import { Link } from "wouter-preact";

import { may } from "../api/session.ts";
import { tell } from "../shell/toasts.tsx";
import { CopyButton } from "../ui/copy.tsx";
import { Icon, type IconName } from "../ui/icon.tsx";
import { EmptyState, ErrorState } from "../ui/states.tsx";
import { submitSamples } from "./samples.ts";

/** Shown if the list has no jobs. It offers samples and explains the other ways to submit a job. */
export function FirstUse() {
  const queries = useQueryClient();
  const samples = useMutation({
    mutationFn: submitSamples,
    async onSuccess() {
      tell("Four jobs were submitted.");
      await queries.invalidateQueries({ queryKey: ["jobs"] });
    },
  });
  if (!may("jobs:write")) {
    return (
      <EmptyState icon="list" isPage title="There are no jobs yet">
        This key may only read. Jobs that other keys of its owner submit appear here.
      </EmptyState>
    );
  }
  return (
    <div class="first">
      <header class="first-head">
        <h1>Drop a file, watch it become words</h1>
        <p class="soft">
          Recordings become transcripts, prompts become pictures, pictures and texts get labels. Drop a file anywhere on
          this page, or start with four samples.
        </p>
        {samples.error !== null && <ErrorState error={samples.error} isInline />}
        <div class="actions">
          <button type="button" class="button primary" disabled={samples.isPending} onClick={() => samples.mutate()}>
            {samples.isPending ? "Submitting …" : "Try the four samples"}
          </button>
          <Link href="/new" class="button">
            <Icon name="upload" />
            Upload files
          </Link>
        </div>
        <p class="small dim">A voice note, a photograph, a review and a prompt.</p>
      </header>
      <section aria-labelledby="ways">
        <h2 id="ways">Three other ways to submit a job</h2>
        <div class="ways">
          {ways().map(({ icon, name, about, command }) => (
            <div key={name} class="card way-card">
              <h3>
                <Icon name={icon} />
                {name}
              </h3>
              <p class="soft">{about}</p>
              <div class="command">
                <pre>{command}</pre>
                <CopyButton text={command} label={`Copy the command for ${name}`} isQuiet />
              </div>
            </div>
          ))}
        </div>
      </section>
    </div>
  );
}

interface Way {
  readonly icon: IconName;
  readonly name: string;
  readonly about: string;
  readonly command: string;
}

function ways(): readonly Way[] {
  const { origin } = location;
  return [
    {
      icon: "bolt",
      name: "The API",
      about: "One request uploads a file and returns its job.",
      command: `curl -H "Authorization: Bearer $DARKROOM_KEY" \\\n  --data-binary @talk.mp3 \\\n  "${origin}/v1/uploads?name=talk.mp3"`,
    },
    {
      icon: "text",
      name: "The command line",
      about: "Many files at once, with progress and exit codes.",
      command: `export DARKROOM_URL=${origin}\nbin/darkroom submit *.mp3 --wait`,
    },
    {
      icon: "file",
      name: "The bucket",
      about: "Use any S3 tool. An object under inbox/ becomes a job of the operator.",
      command: "aws s3 cp talk.mp3 s3://darkroom-media/inbox/",
    },
  ];
}
