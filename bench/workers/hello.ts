/** The smallest Worker: the cost of a request before any of our code runs. */
export default {
  async fetch() {
    return new Response("hello");
  },
} satisfies ExportedHandler;
