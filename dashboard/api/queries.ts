// How the page reads from the API. Each answer is cached and read again when a view shows it again. An error does not discard it.
import { QueryClient } from "@tanstack/preact-query";

import { DarkroomError } from "../../client/index.ts";

/** How often a list is read again: while something in it changes, and while nothing does. */
export const LIVE_MS = 2000;
export const IDLE_MS = 15_000;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 1000,
      // Read even if the browser reports that it is offline: local development needs no network.
      networkMode: "always",
      // The client has already retried if that is safe.
      retry: false,
      refetchOnWindowFocus: true,
    },
    mutations: { retry: false, networkMode: "always" },
  },
});

/** Query options for reading the pages of a list one after another. */
export const byCursor = {
  initialPageParam: null as string | null,
  getNextPageParam: (page: { readonly nextCursor: string | null }) => page.nextCursor,
};

/** Return a sentence about an error: what is wrong, and what to do if the API says so. */
export function sentenceOf(error: unknown): string {
  if (error instanceof DarkroomError) {
    if (error.code === "network_error")
      return "Darkroom does not answer. Check the connection. Nothing that you typed is lost.";
    return error.issues.length > 0
      ? error.issues.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)).join("; ")
      : error.detail;
  }
  return error instanceof Error ? error.message : String(error);
}

/** Return a title for an error, for example the title of its problem. */
export function titleOf(error: unknown): string {
  if (!(error instanceof DarkroomError)) return "Something failed on this page";
  return error.code === "network_error" ? "No answer" : error.title;
}

export function isMissing(error: unknown): boolean {
  return error instanceof DarkroomError && (error.status === 404 || error.status === 410);
}
