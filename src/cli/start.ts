import { endBySignal } from "./end-by-signal.js";
import { jobParts } from "../hosts/node/job-parts.js";
import { run } from "./run.js";
import { openStreams } from "./streams.js";

const streams = openStreams();

const exitCode = await run(process.argv.slice(2), {
  stdout: streams.stdout,
  stderr: streams.stderr,
  goOnUnread: () => {
    streams.goOnUnread();
  },
  env: process.env,
  now: () => Date.now(),
  parts: jobParts,
  onInterrupt(listener) {
    process.on("SIGINT", listener);
    return () => process.off("SIGINT", listener);
  },
  endNow: () => {
    endBySignal("SIGINT");
  },
});
await streams.end(exitCode);
