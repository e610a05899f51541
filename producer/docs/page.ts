// The page at /docs. It shows /openapi.json in the browser, and loads nothing from other origins.

export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Darkroom API</title>
<link rel="stylesheet" href="/docs.css">
<script src="/docs.js" defer></script>
</head>
<body>
<header>
<h1>Darkroom API</h1>
<p id="about"></p>
<form id="access">
<label for="key">API key</label>
<input id="key" type="password" autocomplete="off" spellcheck="false" placeholder="dk_…">
<a href="/">The page</a>
<a href="/openapi.json">openapi.json</a>
</form>
</header>
<nav aria-label="Operations">
<input id="search" type="search" placeholder="Search operations" aria-label="Search operations">
<div id="groups"></div>
</nav>
<main>
<section id="first">
<h2>A first call</h2>
<p>With a key, this call reads the record of your key. Without one, it checks that the service is up.</p>
<pre id="first-command" tabindex="0"></pre>
<button id="first-try" type="button">Try it</button>
<pre id="first-answer" hidden tabindex="0"></pre>
</section>
<div id="operations"><noscript>This page needs JavaScript. The document itself is at <a href="/openapi.json">/openapi.json</a>.</noscript></div>
<p id="none" hidden>No operation contains these words.</p>
<section id="dialects">
<h2>Dialects</h2>
<p>A program that uses OpenAI or Replicate works with Darkroom if you change only its address and its key. Each has a document of its own: <a href="/openapi/openai.json">openai.json</a>, <a href="/openapi/replicate.json">replicate.json</a>.</p>
<h3>OpenAI</h3>
<p>Transcriptions, translations and pictures, with the SDKs of OpenAI. The address is <code class="origin">/openai/v1</code>.</p>
<pre class="sample" tabindex="0">curl ORIGIN/openai/v1/audio/transcriptions \
  -H "Authorization: Bearer $KEY" \
  -F file=@meeting.mp3 -F model=whisper-1</pre>
<pre class="sample" tabindex="0">import OpenAI from "openai";
const client = new OpenAI({ baseURL: "ORIGIN/openai/v1", apiKey: process.env.DARKROOM_KEY });
const { data } = await client.images.generate({ model: "flux-1-schnell", prompt: "a harbour at dawn" });</pre>
<h3>Replicate</h3>
<p>Predictions, models and files, with the SDKs of Replicate. The address is <code class="origin">/replicate/v1</code>.</p>
<pre class="sample" tabindex="0">import Replicate from "replicate";
const replicate = new Replicate({ auth: process.env.DARKROOM_KEY, baseUrl: "ORIGIN/replicate/v1" });
const output = await replicate.run("black-forest-labs/flux-schnell", { input: { prompt: "a harbour at dawn" } });</pre>
</section>
</main>
</body>
</html>
`;

export const STYLE = `
:root {
  color-scheme: light dark;
  --line: light-dark(#dfe3e8, #30363d); --soft: light-dark(#f5f7f9, #161b22); --dim: light-dark(#57606a, #9aa4af);
  --ink: light-dark(#1f2328, #e6edf3); --paper: light-dark(#fff, #0d1117); --link: light-dark(#0b5cad, #6cb6ff);
  --get: light-dark(#0b5cad, #6cb6ff); --post: light-dark(#1a7f37, #57ab5a); --put: light-dark(#9a6700, #daaa3f);
  --delete: light-dark(#b3261e, #f47067);
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body {
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; color: var(--ink); background: var(--paper);
  max-width: 78rem; margin: 0 auto; padding: 2rem 1.5rem 6rem;
  display: grid; grid-template: "header header" auto "nav main" 1fr / 13rem minmax(0, 1fr); gap: 0 2.5rem;
}
header { grid-area: header; border-bottom: 1px solid var(--line); padding-bottom: 1.25rem; margin-bottom: 1.5rem; }
nav { grid-area: nav; position: sticky; top: 1.5rem; align-self: start; }
main { grid-area: main; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.15rem; text-transform: capitalize; margin: 0 0 .75rem; }
h3 { font-size: .8rem; letter-spacing: .04em; text-transform: uppercase; color: var(--dim); margin: 1.25rem 0 .4rem; }
p { margin: 0 0 .75rem; max-width: 46rem; }
a { color: var(--link); }
nav a { display: block; padding: .3rem .6rem; border-radius: 6px; color: inherit; text-decoration: none; text-transform: capitalize; }
nav input { margin-bottom: .6rem; }
.samples { display: flex; gap: .25rem; margin: 0 0 .4rem; }
.samples button { margin: 0; padding: .2rem .7rem; color: var(--dim); background: none; border: 1px solid transparent; font-size: .85rem; }
.samples button[aria-pressed="true"] { color: var(--ink); border-color: var(--line); background: var(--soft); }
.permalink { margin-left: auto; font-size: .85rem; }
.answer-status { font-weight: 600; margin: .5rem 0 .25rem; }
#first h2, #dialects h2 { text-transform: none; }
.sample { margin-bottom: .75rem; }
nav a:hover { background: var(--soft); }
section { margin-bottom: 2.25rem; }
code, pre, textarea, input { font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
pre, textarea, input {
  background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: .6rem .75rem; color: inherit;
}
pre { margin: 0; overflow: auto; max-height: 24rem; }
input { padding: .35rem .6rem; width: 100%; min-width: 0; }
textarea { width: 100%; min-height: 8rem; resize: vertical; }
#access { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem .75rem; }
#access input { flex: 0 1 26rem; }
details.operation { border: 1px solid var(--line); border-radius: 8px; margin-bottom: .5rem; }
details.operation > summary {
  display: flex; flex-wrap: wrap; align-items: baseline; gap: .15rem .75rem; padding: .55rem .8rem; list-style: none;
}
summary { cursor: pointer; }
summary::-webkit-details-marker { display: none; }
details.operation > summary:hover, details.operation[open] > summary { background: var(--soft); border-radius: 8px; }
details.operation > div { padding: 0 .9rem 1rem; overflow-wrap: anywhere; }
details.schema > summary { color: var(--link); font-size: .9rem; }
.method { font: 700 12px/1 ui-monospace, Menlo, Consolas, monospace; width: 3.6rem; flex: none; }
.get { color: var(--get); } .post { color: var(--post); } .put, .patch { color: var(--put); } .delete { color: var(--delete); }
.path { font-weight: 600; overflow-wrap: anywhere; }
.about, .dim { color: var(--dim); }
.rows > div {
  display: grid; grid-template-columns: 13rem minmax(0, 1fr) 14rem; gap: .25rem 1rem; padding: .45rem 0;
  border-top: 1px solid var(--line); align-items: start;
}
.rows.answers > div { grid-template-columns: 4rem minmax(0, 1fr); }
button { font: inherit; padding: .35rem 1.1rem; margin: .75rem 0; border-radius: 6px; border: 0; color: #fff; background: #0b5cad; cursor: pointer; }
button:hover { background: #084a8c; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
@media (max-width: 50rem) {
  body { grid-template: "header" auto "nav" auto "main" auto / minmax(0, 1fr); padding: 1.25rem 1rem 4rem; }
  nav { position: static; display: flex; flex-wrap: wrap; gap: .25rem; margin-bottom: 1.25rem; }
  nav a { border: 1px solid var(--line); }
  details.operation > summary .about { flex-basis: 100%; }
  .rows > div { grid-template-columns: minmax(0, 1fr); }
}
`;
