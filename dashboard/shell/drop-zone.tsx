import { useEffect, useState } from "preact/hooks";
import { useLocation } from "wouter-preact";

import { may } from "../api/session.ts";
import { Icon } from "../ui/icon.tsx";
import { addFiles } from "../uploads/queue.ts";

/** Files can be dropped anywhere in the window, in every view. */
export function DropZone() {
  const [, navigate] = useLocation();
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    if (!may("jobs:write")) return;
    // A drag fires enter and leave events for each element that it crosses.
    let depth = 0;
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") === true;
    const enter = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      depth += 1;
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      depth -= 1;
      if (depth <= 0) setOver(false);
    };
    const over = (event: DragEvent) => {
      if (hasFiles(event)) event.preventDefault();
    };
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      const files = [...(event.dataTransfer?.files ?? [])];
      if (files.length === 0) return;
      addFiles(files);
      navigate("/new");
    };
    addEventListener("dragenter", enter);
    addEventListener("dragleave", leave);
    addEventListener("dragover", over);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragenter", enter);
      removeEventListener("dragleave", leave);
      removeEventListener("dragover", over);
      removeEventListener("drop", drop);
    };
  }, []);
  if (!isOver) return null;
  return (
    <div class="drop-over" aria-hidden="true">
      <div>
        <Icon name="upload" size={28} />
        Drop the files to add them
      </div>
    </div>
  );
}
