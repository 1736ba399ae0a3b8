import { endBySignal } from "./end-by-signal.js";
import { jobParts } from "../hosts/node/job-parts.js";
import { run } from "./run.js";

// A reader that has seen enough, such as `head`, closes the pipe: that is no mistake.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  endBySignal("SIGPIPE");
});

process.exitCode = await run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
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
