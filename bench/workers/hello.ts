/** The least a Worker can do: what a request costs before any of ours runs. */
export default {
  async fetch() {
    return new Response("hello");
  },
} satisfies ExportedHandler;
