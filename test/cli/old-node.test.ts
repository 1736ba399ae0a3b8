import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";

const main = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts");
const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

/** Runs `graft --version` on a Node that says that it is another. */
function runOn(version: string): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const fake = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } });`;
  const preload = `data:text/javascript,${encodeURIComponent(fake)}`;
  return spawnSync(process.execPath, ["--import", tsx, "--import", preload, main, "--version"], { encoding: "utf8" });
}

it("a Node that is too old gets one sentence and exit code 2", () => {
  for (const version of ["14.21.3", "18.20.8", "20.18.3"]) {
    const { status, stdout, stderr } = runOn(version);
    expect(stderr).toBe(
      `Error: graft needs Node 20.19 or newer, and this is Node ${version}: install a newer one (nodejs.org).\n`,
    );
    expect([status, stdout]).toEqual([2, ""]);
  }
  expect(runOn("20.19.0").status).toBe(0);
  expect(runOn("24.0.0").stdout).toMatch(/^\d+\.\d+\.\d+/);
});

it("the check needs nothing that an older Node cannot parse, and asks for what the package asks for", async () => {
  const text = await readFile(main, "utf8");
  expect(text).not.toMatch(/^(import|export)\s|\bawait\b|\?\?|\?\.|#[a-z]+\b(?!.*env node)/m);
  const manifest = await readFile(join(import.meta.dirname, "..", "..", "package.json"), "utf8");
  expect(manifest).toContain('"node": ">=20.19"');
});
