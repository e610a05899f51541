import { useEffect, useRef, useState } from "preact/hooks";
import { useLocation, useSearchParams } from "wouter-preact";

import { Icon } from "../ui/icon.tsx";
import { useShortcuts } from "./shortcuts.ts";

/** One box that searches jobs and the words in them. The list shows the results, and its address contains the search. */
export function SearchBox() {
  const [path, navigate] = useLocation();
  const [params] = useSearchParams();
  const asked = path === "/" || path === "/jobs" ? (params.get("q") ?? "") : "";
  const [text, setText] = useState(asked);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => setText(asked), [asked]);
  useShortcuts("Everywhere", [
    {
      keys: "/",
      does: "Search jobs and spoken words",
      run() {
        input.current?.focus();
        input.current?.select();
      },
    },
  ]);
  function search(wanted: string) {
    const q = wanted.trim();
    // On the list the filters stay. From another view the search begins without filters.
    const next = new URLSearchParams(path === "/" ? params : "");
    if (q === "") next.delete("q");
    else next.set("q", q);
    navigate(next.size === 0 ? "/" : `/?${next.toString()}`);
  }
  return (
    <form
      class="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        search(text);
        input.current?.blur();
      }}
    >
      <Icon name="search" />
      <input
        ref={input}
        type="search"
        enterkeyhint="search"
        maxLength={200}
        placeholder="Search jobs and spoken words"
        aria-label="Search jobs and spoken words"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          setText(asked);
          event.currentTarget.blur();
        }}
      />
      {text === "" ? (
        <kbd aria-hidden="true">/</kbd>
      ) : (
        <button
          type="button"
          class="search-clear"
          aria-label="Clear the search"
          onClick={() => {
            setText("");
            if (asked !== "") search("");
          }}
        >
          <Icon name="close" size={14} />
        </button>
      )}
    </form>
  );
}
