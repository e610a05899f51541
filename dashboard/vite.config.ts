// Plain Vite: the Worker serves what it writes to dist/. @cloudflare/vite-plugin is not used: with it, a deployment ignores `--env`.
import { defineConfig } from "vite";

/** `npm run dev:page` serves the page from its sources and forwards API calls to a running `npm start`. */
const API = process.env["DARKROOM_URL"] ?? "http://localhost:8787";

export default defineConfig({
  root: import.meta.dirname,
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    // The page's policy for scripts and styles forbids data: URLs.
    assetsInlineLimit: 0,
    // The first browsers that support light-dark(). For older targets, Vite would rewrite it.
    target: ["chrome125", "safari18", "firefox128"],
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: { "^/(v1|signed|openapi\\.json|docs|cdn-cgi)": { target: API } },
  },
});
