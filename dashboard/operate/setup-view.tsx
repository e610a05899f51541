import { useQuery } from "@tanstack/preact-query";

import type { DeploymentCheck } from "../../client/index.ts";
import { api } from "../api/session.ts";
import { CopyButton } from "../ui/copy.tsx";
import { Icon } from "../ui/icon.tsx";
import { ErrorState, Skeleton } from "../ui/states.tsx";

const NAMES: Readonly<Record<DeploymentCheck["name"], string>> = {
  presigned_uploads: "Uploads directly to the bucket",
  notification_rule: "Bucket notifications",
  vectorize: "Vectorize for the search by meaning",
  setup_token: "The setup token",
  access: "Sign-in with Cloudflare Access",
  settings: "Settings",
};
const STATES: Readonly<Record<DeploymentCheck["state"], string>> = {
  ok: "In place",
  missing: "To do",
  unknown: "Not known yet",
};

/** The parts that a deployment lacks, with the commands that add them. */
export function SetupView() {
  const checks = useQuery({
    queryKey: ["checks"],
    queryFn: ({ signal }) => api().checks.list({ signal }),
    refetchInterval: 30_000,
  });
  if (checks.data === undefined) {
    return checks.error === null ? (
      <Skeleton rows={4} height={76} />
    ) : (
      <ErrorState error={checks.error} retry={() => void checks.refetch()} />
    );
  }
  const missing = checks.data.filter(({ state }) => state === "missing").length;
  const order = ["missing", "unknown", "ok"];
  const sorted = checks.data.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  return (
    <>
      <div class="section-head">
        <h2>
          {missing === 0
            ? "Nothing is missing"
            : missing === 1
              ? "One part is missing"
              : `${missing} parts are missing`}
        </h2>
      </div>
      <p class="soft setup-about">
        Darkroom runs without these parts. Each of them removes a limit. Run the commands in the folder of the
        repository that you deploy from.
      </p>
      <ul class="card checks">
        {sorted.map((check) => (
          <CheckRow key={check.name} check={check} />
        ))}
      </ul>
    </>
  );
}

function CheckRow({ check: { name, state, detail, commands } }: { check: DeploymentCheck }) {
  return (
    <li class="check-row" data-state={state}>
      <span class="check-icon">
        <Icon name={state === "ok" ? "check" : state === "missing" ? "alert" : "help"} />
      </span>
      <div>
        <p class="check-head">
          <strong>{NAMES[name]}</strong>
          <span class="small">{STATES[state]}</span>
        </p>
        <p class="soft">{detail}</p>
        {commands.length > 0 && (
          <div class="command">
            <code>
              {commands.map((command) => (
                <span key={command} class="block">
                  {command}
                </span>
              ))}
            </code>
            <CopyButton text={commands.join("\n")} label="Copy" isQuiet />
          </div>
        )}
      </div>
    </li>
  );
}
