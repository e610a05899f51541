// `npm run chaos`: the last line of output is JSON. The exit code is 1 unless nothing was lost, paid for twice, or wrong.
import { parseCommand } from "./command.ts";

const command = parseCommand(process.argv.slice(2));
if ("message" in command) {
  process.stderr.write(`${command.message}\n`);
  process.exit(2);
}
// wrangler prints to standard output, which is for the JSON line alone.
const writeOut = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);

const { startChaos } = await import("./start.ts");
const chaos = await startChaos();
try {
  const { plan, isQuiet } = command;
  const report = await chaos.run(plan, (line) => {
    if (line.type === "trace" || (line.type === "progress" && !isQuiet)) process.stderr.write(`${line.text}\n`);
  });
  writeOut(`${JSON.stringify(report)}\n`);
  const overspent = (report.days_over_budget ?? 0) + (report.uncounted_neurons ?? 0);
  if (report.lost + report.double_billed + report.wrong_result + overspent > 0) process.exitCode = 1;
} finally {
  await chaos.close();
}
