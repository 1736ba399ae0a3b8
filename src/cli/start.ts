import { endBySignal } from "./end-by-signal.js";
import { jobParts } from "../hosts/node/job-parts.js";
import { run } from "./run.js";

/** Signals by which a job is stopped. */
const stopping = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

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
    // A closed terminal and a system that shuts down want the same as Ctrl+C.
    for (const signal of stopping) process.on(signal, listener);
    return () => {
      for (const signal of stopping) process.off(signal, listener);
    };
  },
  endNow: () => {
    endBySignal("SIGINT");
  },
});
