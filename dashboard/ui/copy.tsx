import { useState } from "preact/hooks";

import { Icon } from "./icon.tsx";

/** Copy a text, even if the page has no clipboard because it is not served over HTTPS. @returns whether it was copied. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    field.setAttribute("readonly", "");
    field.className = "visually-hidden";
    (document.querySelector("dialog[open]") ?? document.body).append(field);
    field.select();
    const isCopied = document.execCommand("copy");
    field.remove();
    return isCopied;
  }
}

export function CopyButton({
  text,
  label = "Copy",
  isQuiet = false,
}: {
  text: string | (() => string);
  label?: string;
  isQuiet?: boolean;
}) {
  const [said, setSaid] = useState<string | null>(null);
  async function copy() {
    const isCopied = await copyText(typeof text === "string" ? text : text());
    setSaid(isCopied ? "Copied" : "Not copied");
    setTimeout(() => setSaid(null), 1500);
  }
  return (
    <button
      type="button"
      class={isQuiet ? "icon-button" : "button"}
      aria-label={isQuiet ? label : undefined}
      title={isQuiet ? label : undefined}
      onClick={() => void copy()}
    >
      <Icon name={said === "Copied" ? "check" : "copy"} />
      {!isQuiet && <span aria-live="polite">{said ?? label}</span>}
      {isQuiet && (
        <span class="visually-hidden" aria-live="polite">
          {said ?? ""}
        </span>
      )}
    </button>
  );
}
