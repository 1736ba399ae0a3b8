import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { version } from "../src/errors/version.js";

const root = fileURLToPath(new URL("../", import.meta.url));

async function read(path: string): Promise<string> {
  return (await readFile(join(root, path), "utf8")).replaceAll("\r\n", "\n");
}

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}
const manifest = JSON.parse(await read("package.json")) as Manifest;

/** Code between fences of the README that are marked with a language. */
async function snippets(language: string): Promise<string[]> {
  const fenced = (await read("README.md")).matchAll(/^```(\S+)\n(.*?)^```$/gms);
  return [...fenced].flatMap(([, name, code]) => (name === language && code !== undefined ? [code] : []));
}

describe("the package", () => {
  test("has one version", async () => {
    expect(version).toBe(manifest.version);
    expect(await read("CHANGELOG.md")).toContain(`## [${version}]`);
    const lock = JSON.parse(await read("package-lock.json")) as Pick<Manifest, "version">;
    expect(lock.version).toBe(version);
  });

  test("depends on what the sources import, and on nothing else", async () => {
    const files = await readdir(join(root, "src"), { recursive: true });
    const sources = files.filter((name) => name.endsWith(".ts") && !/\.(test|d)\.ts$/.test(name));
    const imported = new Set<string>();
    for (const name of sources) {
      for (const { fileName: from } of ts.preProcessFile(await read(join("src", name))).importedFiles) {
        if (from.startsWith(".")) continue;
        const [first = "", second = ""] = from.split("/");
        imported.add(first.startsWith("@") ? `${first}/${second}` : first);
      }
    }
    const packages = [...imported].filter((name) => !name.startsWith("node:") && name !== "graft-ml");
    expect(packages.sort()).toEqual(Object.keys(manifest.dependencies).sort());
  });

  test("gives a reason for each dependency", async () => {
    const design = await read("docs/design.md");
    const missing = Object.keys(manifest.dependencies).filter((name) => !design.includes(`| \`${name}\``));
    expect(missing).toEqual([]);
  });
});

describe("the README", () => {
  test("shows code that stands in an example, where it is type-checked", async () => {
    const names = (await readdir(join(root, "examples"))).filter((name) => name.endsWith(".ts"));
    const examples = await Promise.all(names.map((name) => read(join("examples", name))));
    const shown = await snippets("ts");
    expect(shown.length).toBeGreaterThan(0);
    for (const code of shown) {
      expect(
        examples.some((example) => example.includes(code)),
        code,
      ).toBe(true);
    }
  });

  test("names scripts that there are", async () => {
    const { scripts } = JSON.parse(await read("package.json")) as { scripts: Record<string, string> };
    const texts = await Promise.all(["README.md", "CONTRIBUTING.md"].map(read));
    const named = texts.flatMap((text) => [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name = ""]) => name));
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});
