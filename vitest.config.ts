import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { ClosingLine } from "./test/closing-line.js";
import { LongFirst } from "./test/long-first.js";

export default defineConfig({
  // Tests import the package by its name, as its users do, and get the source.
  resolve: { alias: { "graft-ml": fileURLToPath(new URL("src/index.ts", import.meta.url)) } },
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    // The engine's sessions hold native threads, which worker threads do not survive.
    pool: "forks",
    // Activations that tests keep are none of the user's.
    env: { GRAFT_CACHE: fileURLToPath(new URL("node_modules/.cache/graft-tests", import.meta.url)) },
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // As long as a busy machine may take; who asks in vain waits no longer than for any other test that fails.
    expect: { poll: { timeout: 60_000 } },
    sequence: { sequencer: LongFirst },
    reporters: ["default", new ClosingLine()],
  },
});
