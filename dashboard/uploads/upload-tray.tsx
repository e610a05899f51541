import { Link, useLocation } from "wouter-preact";

import { Progress } from "../ui/badge.tsx";
import { formatCount, formatPercent } from "../ui/format.ts";
import { Icon } from "../ui/icon.tsx";
import { active, failed } from "./queue.ts";

/** The progress of uploads, shown in all other views. */
export function UploadTray() {
  const [path] = useLocation();
  const under = active.value;
  const bad = failed.value.length;
  if (path === "/new" || (under.length === 0 && bad === 0)) return null;
  const total = under.reduce((sum, { file }) => sum + file.size, 0);
  const sent = under.reduce((sum, { sentBytes }) => sum + sentBytes.value, 0);
  const fraction = total === 0 ? 0 : sent / total;
  return (
    <Link href="/new" class="tray">
      <span class="tray-line">
        <Icon name={under.length === 0 ? "alert" : "upload"} />
        {under.length > 0
          ? `${formatCount(under.length)} ${under.length === 1 ? "upload" : "uploads"}, ${formatPercent(fraction)}`
          : ""}
        {bad > 0 && <span class="bad">{`${formatCount(bad)} failed`}</span>}
      </span>
      {under.length > 0 && <Progress fraction={fraction} label="Uploads" />}
    </Link>
  );
}
