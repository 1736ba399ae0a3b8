import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { circles, type Import, importsIn, sourceFiles } from "./support/imports.js";

const root = fileURLToPath(new URL("../", import.meta.url));
const source = join(root, "src");
const page = (await readFile(join(root, "docs/architecture.md"), "utf8")).replaceAll("\r\n", "\n");
const imports = await importsIn(source);

/** The rooms of eslint.config.js, which exports only the rules that it makes of them. */
const [, list = ""] = /^const rooms = \[([^\]]*)\]/m.exec(await readFile(join(root, "eslint.config.js"), "utf8")) ?? [];
const rooms = [...list.matchAll(/"(\w+)"/g)].map(([, room = ""]) => room);

/** The room of a file; what stands in no room may import all. */
function roomOf(file: string): number {
  const at = rooms.indexOf(file.split("/")[0] ?? "");
  return at === -1 ? rooms.length : at;
}

const said = ({ from, to }: Pick<Import, "from" | "to">): string => `${from} → ${to}`;

/**
 * Types of files that describe each other: what a layer gives knows its layer, and a computation knows the weights that are given
 * what it computes. Nothing of it is left in the program.
 */
const mutualTypes = [
  "models/platform.ts → models/base-model.ts",
  "models/training-types.ts → models/base-model.ts",
  "nn/context.ts → nn/variable.ts",
  "nn/operations/argument.ts → nn/variable.ts",
  "nn/scope.ts → nn/variable.ts",
  "nn/symbolic-tensor.ts → nn/layer.ts",
];

/** An arrow of a drawing: in it, files stand further right below the file that imports them. */
interface Arrow {
  readonly from: string;
  readonly to: string;
}

/** The files that a drawing begins with, and its arrows. */
function read(drawing: string): { readonly first: string[]; readonly arrows: Arrow[] } {
  const first: string[] = [];
  const arrows: Arrow[] = [];
  const above: { readonly file: string; readonly indent: number }[] = [];
  for (const line of drawing.split("\n")) {
    const [, margin = "", file = ""] = /^( *)([\w./-]+\.ts)(?: |$)/.exec(line) ?? [];
    expect(file, `a line of the drawing: "${line}"`).not.toBe("");
    while ((above.at(-1)?.indent ?? -1) >= margin.length) above.pop();
    const parent = above.at(-1);
    if (parent === undefined) first.push(file);
    else arrows.push({ from: parent.file, to: file });
    above.push({ file, indent: margin.length });
  }
  return { first, arrows };
}

const drawings = [...page.matchAll(/^```text\n(.*?)\n```$/gms)].map(([, drawing = ""]) => read(drawing));

describe("docs/architecture.md", () => {
  it("lists the rooms of eslint.config.js, which are the folders of src", async () => {
    const described = [...page.matchAll(/^\| `(\w+)` +\| \S/gm)].map(([, room]) => room);
    expect(described).toEqual(rooms);
    const entries = await readdir(source, { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    expect(folders.sort()).toEqual([...rooms].sort());
  });

  it("draws what graft train and loadModel pass", () => {
    expect(drawings.map(({ first }) => first)).toEqual([["cli/main.ts"], ["index.ts"]]);
  });

  it("has only arrows that are imports", () => {
    const known = new Set(imports.map(said));
    const arrows = drawings.flatMap((drawing) => drawing.arrows);
    expect(arrows.map(said).filter((arrow) => !known.has(arrow))).toEqual([]);
  });
});

describe("the sources", () => {
  it("import only files that there are", async () => {
    const files = new Set([...(await sourceFiles(source))]);
    expect(imports.filter(({ to }) => !files.has(to)).map(said)).toEqual([]);
  });

  it("import only from rooms before their own", () => {
    const upward = imports.filter(({ from, to }) => roomOf(to) > roomOf(from)).map(said);
    expect(upward).toEqual([]);
  });

  it("have no circles, but of types of files that describe each other", () => {
    // What a thread runs is another program.
    const here = imports.filter(({ kind }) => kind !== "thread");
    expect(circles(here.filter(({ kind }) => kind !== "type"))).toEqual([]);
    expect(circles(here.filter((arrow) => !mutualTypes.includes(said(arrow))))).toEqual([]);
    const types = imports.filter(({ kind }) => kind === "type").map(said);
    expect(mutualTypes.filter((arrow) => !types.includes(arrow))).toEqual([]);
  });
});
