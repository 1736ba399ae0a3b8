import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readGolden, type Written } from "./support/golden.js";

const root = join(import.meta.dirname, "..");
const files = await readdir(join(root, "test/golden"));
// What begins with "_" is shared by the scripts.
const scripts = (await readdir(join(root, "scripts/golden"))).filter((name) => /^[^_].*\.(py|mjs)$/.test(name));
const command = (script: string): string => `${script.endsWith(".py") ? "python" : "node"} scripts/golden/${script}`;

const written = new Map<string, Written>();
for (const name of files.filter((file) => file.endsWith(".json"))) {
  written.set(name, (await readGolden<{ readonly written: Written }>(name)).written);
}

/** All that tests and their helpers say. */
async function textOfTests(): Promise<string> {
  const names = await Promise.all(["src", "test"].map((folder) => readdir(join(root, folder), { recursive: true })));
  const [sources = [], suites = []] = names;
  const paths = [
    ...sources.filter((name) => name.endsWith(".test.ts")).map((name) => join(root, "src", name)),
    ...suites.filter((name) => name.endsWith(".ts")).map((name) => join(root, "test", name)),
  ];
  return (await Promise.all(paths.map((path) => readFile(path, "utf8")))).join("\n");
}

/** It writes networks, and what PyTorch makes of them, beside the test that reads all of its folder. */
const zooScript = "onnx_zoo.py";

it(`${zooScript} says what PyTorch makes of each network in its folder`, async () => {
  expect(scripts).toContain(zooScript);
  const networks = await readdir(join(root, "test/models/onnx-zoo"));
  const named = (ending: RegExp): string[] =>
    [...new Set(networks.filter((name) => ending.test(name)).map((name) => name.replace(ending, "")))].sort();
  expect(named(/\.json$/)).toEqual(named(/-(old|fixed|new)\.onnx$/));
});

describe("golden files", () => {
  it.each([...written])("%s says what wrote it", (_, { by, ...versions }) => {
    expect(scripts.map(command)).toContain(by);
    expect(Object.keys(versions).length).toBeGreaterThan(0);
    for (const version of Object.values(versions)) expect(version).toMatch(/^\d+(\.\d+)+$/);
  });

  it("are JSON, or archives beside JSON of the same name, which says what wrote both", () => {
    const others = files.filter((name) => !written.has(name));
    for (const name of others) expect([...written.keys()]).toContain(name.replace(/\.zip$/, ".json"));
  });

  it("are all read by a test", async () => {
    const text = await textOfTests();
    expect(files.filter((name) => !text.includes(`"${name}"`))).toEqual([]);
  });

  it.each(scripts.filter((script) => script !== zooScript))("are written by %s", (script) => {
    expect([...written.values()].map(({ by }) => by)).toContain(command(script));
  });
});
