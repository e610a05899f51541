// How the page reads: each answer is cached, read again when it is looked at anew, and never thrown away by an error.
import { QueryClient } from "@tanstack/preact-query";

import { DarkroomError } from "../../client/index.ts";

/** Lists that change by themselves are read again so often while something in them moves, and while nothing does. */
export const LIVE_MS = 2000;
export const IDLE_MS = 15_000;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 1000,
      // Also where the browser thinks that it is offline: on one's own machine no network is needed.
      networkMode: "always",
      // The client has tried again by itself where that is safe.
      retry: false,
      refetchOnWindowFocus: true,
    },
    mutations: { retry: false, networkMode: "always" },
  },
});

/** How a list that the API gives page by page is read on. */
export const byCursor = {
  initialPageParam: null as string | null,
  getNextPageParam: (page: { readonly nextCursor: string | null }) => page.nextCursor,
};

/** An error in words for people: what is wrong, and what to do where the API says so. */
export function sentenceOf(error: unknown): string {
  if (error instanceof DarkroomError) {
    if (error.code === "network_error")
      return "Darkroom does not answer. Check the connection; nothing that you typed is lost.";
    return error.issues.length > 0
      ? error.issues.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)).join("; ")
      : error.detail;
  }
  return error instanceof Error ? error.message : String(error);
}

/** A title for it, such as the problem's. */
export function titleOf(error: unknown): string {
  if (!(error instanceof DarkroomError)) return "Something failed on this page";
  return error.code === "network_error" ? "No answer" : error.title;
}

export function isMissing(error: unknown): boolean {
  return error instanceof DarkroomError && (error.status === 404 || error.status === 410);
}
