// Replaces `debug` in the bundle (wrangler.jsonc, alias). A dependency of file-type loads it to trace itself, and with it
// `node:tty` and a third of the Worker's start-up time.
export default function noDebug(): () => void {
  return () => undefined;
}
