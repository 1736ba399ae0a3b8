import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { globSync } from "tinyglobby";
import { defineConfig } from "vitest/config";
import { ClosingLine } from "./test/closing-line.js";
import { LongFirst } from "./test/long-first.js";

/** Tests that compute and need nothing of the process that they run in. */
const together = ["src/**/*.test.ts", "test/{data,gradcheck,models,own,training}/**/*.test.ts"];

/** A module is stood in for only where nothing has imported it before. */
const mocking = globSync(together, { cwd: import.meta.dirname }).filter((file) =>
  readFileSync(join(import.meta.dirname, file), "utf8").includes("vi.mock("),
);

/** Of these, tests that look at what a process has when it begins or ends, or stand in for modules: each of them has a process of its own. */
const alone = ["src/applications/load-backbone.test.ts", "src/runtime/node/at-rest.test.ts", ...mocking];

export default defineConfig({
  // Tests import the package by its name, as its users do, and get the source.
  resolve: { alias: { "graft-ml": fileURLToPath(new URL("src/index.ts", import.meta.url)) } },
  test: {
    // The engine's sessions hold native threads, which worker threads do not survive.
    pool: "forks",
    // Activations that tests keep are none of the user's.
    env: { GRAFT_CACHE: fileURLToPath(new URL("node_modules/.cache/graft-tests", import.meta.url)) },
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // As long as a busy machine may take; who asks in vain waits no longer than for any other test that fails.
    expect: { poll: { timeout: 60_000 } },
    reporters: ["default", new ClosingLine()],
    sequence: { sequencer: LongFirst },
    projects: [
      { extends: true, test: { name: "alone", include: ["test/**/*.test.ts", ...alone], exclude: together.slice(1) } },
      {
        extends: true,
        test: {
          name: "together",
          include: together,
          exclude: alone,
          // To import the sources takes longer than most of these tests: files share a process, one after the other.
          isolate: false,
          setupFiles: ["test/support/fresh-session.ts"],
        },
      },
    ],
  },
});
