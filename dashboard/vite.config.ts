// Plain Vite: the Worker serves what it writes to dist/. @cloudflare/vite-plugin is not used, since with it `--env` is ignored at a deployment.
import { defineConfig } from "vite";

/** `npm run dev:page` serves the page from its sources, and sends calls of the API to a running `npm start`. */
const API = process.env["DARKROOM_URL"] ?? "http://localhost:8787";

export default defineConfig({
  root: import.meta.dirname,
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    // A data: URL would be against the page's policy for scripts and styles.
    assetsInlineLimit: 0,
    // The first browsers that know light-dark(); for older ones it would be rewritten.
    target: ["chrome125", "safari18", "firefox128"],
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: { "^/(v1|signed|openapi\\.json|docs|cdn-cgi)": { target: API } },
  },
});
