import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readCsv } from "../../src/data/generator/csv.js";
import { colourClassifier } from "./colour-classifier.js";
import { events, graft, graftWords, type Outcome } from "./command.js";
import { writePhoto, writePhotoFolder } from "./photos.js";

/* Folders, patterns, lists and tables of `graft predict`. */

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-predict-many-"));
  await mkdir(join(folder, "run"));
  await writeFile(join(folder, "run", "model.onnx"), colourClassifier());
  await writePhotoFolder(join(folder, "photos"), 4);
  await writeFile(join(folder, "photos", "red", "notes.txt"), "no photo");
  await mkdir(join(folder, "odd"));
  await writePhoto(join(folder, "odd", "[1].jpg"), "green", 1);
  await writePhoto(join(folder, "odd", "=1+1, or 2.jpg"), "blue", 2);
});
afterAll(() => rm(folder, { recursive: true }));

const paths = (stdout: string): unknown[] =>
  events(stdout).flatMap(({ event, path }) => (event === "prediction" ? [path] : []));

/** Runs `graft predict run …` with something on its standard input. */
async function withInput(args: readonly string[], input: Uint8Array | string): Promise<Outcome> {
  const [program = "", ...words] = graftWords;
  const child = spawn(program, [...words, "predict", "run", ...args], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: "1" },
  });
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (text: Buffer) => (said.stdout += text.toString()));
  child.stderr.on("data", (text: Buffer) => (said.stderr += text.toString()));
  child.stdin.end(input);
  const exitCode = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { exitCode, ...said };
}

test("a folder stands for all photos below it, a quoted pattern for what fits; a name that looks like a pattern is a name", async () => {
  const of = async (...words: readonly string[]): Promise<unknown[]> =>
    paths((await graft(["predict", "run", ...words, "--json"], folder)).stdout);
  const red = [0, 1, 2, 3].map((number) => join("photos", "red", `${number}.jpg`));
  expect(await of(join("photos", "red"))).toEqual(red);
  expect(await of("photos")).toHaveLength(12);
  expect(await of("photos/r*/[0-2].jpg")).toEqual(red.slice(0, 3).map((path) => path.replaceAll("\\", "/")));
  expect(await of(join("odd", "[1].jpg"))).toEqual([join("odd", "[1].jpg")]);
});

test("says of many photos how many there are of each class", async () => {
  const people = await graft(["predict", "run", "photos"], folder);
  expect(people.exitCode).toBe(0);
  expect(people.stdout.trimEnd().split("\n")).toHaveLength(12);
  expect(people.stderr).toBe("12 photos: red 4, green 4, blue 4\n");
  const machine = await graft(["predict", "run", join("photos", "red"), "--json"], folder);
  expect(events(machine.stdout).at(-1)).toMatchObject({
    event: "done",
    photos: 4,
    by_class: { red: 4, green: 0, blue: 0 },
  });
});

test("--top lists the most probable labels", async () => {
  const photo = join("photos", "red", "0.jpg");
  const people = await graft(["predict", "run", photo, "--top", "2"], folder);
  expect(people.stdout).toMatch(/^photos.red.0\.jpg {2}red {5}\d\d\.\d % {2}(green|blue) \d+\.\d %\n$/);
  const [prediction] = events((await graft(["predict", "run", photo, "--top", "9", "--json"], folder)).stdout);
  const top = prediction?.["top"] as { label: string; probability: number }[];
  expect(top.map(({ label }) => label).sort()).toEqual(["blue", "green", "red"]);
  expect(top.map(({ probability }) => probability)).toEqual(
    [...top.map(({ probability }) => probability)].sort((a, b) => b - a),
  );
  expect((await graft(["predict", "run", photo, "--top", "0"], folder)).exitCode).toBe(2);
});

test("--csv writes a table, whose cells no spreadsheet takes for a formula and no program for two", async () => {
  const outcome = await graft(["predict", "run", "odd", "--csv"], folder);
  expect(outcome).toMatchObject({ exitCode: 0, stderr: "" });
  await writeFile(join(folder, "table.csv"), outcome.stdout);
  expect(outcome.stdout.split("\n")[0]).toBe(
    "path,label,probability,possible,foreign,distance,p(red),p(green),p(blue)",
  );
  const table = await readCsv(join(folder, "table.csv"));
  expect(table.columns.get("path")).toEqual([join("odd", "=1+1, or 2.jpg"), join("odd", "[1].jpg")]);
  expect(table.columns.get("label")).toEqual(["blue", "green"]);
  const cells = await graft(["predict", join("..", "run"), "=1+1, or 2.jpg", "--csv"], join(folder, "odd"));
  expect(cells.stdout.split("\n")[1]).toMatch(/^"'=1\+1, or 2\.jpg",blue,0\.\d+,,,,/);
});

test("--csv has each probability below its class, also where classes are numbers", async () => {
  await mkdir(join(folder, "numbers"));
  await writeFile(join(folder, "numbers", "model.onnx"), colourClassifier({ labels: '["10","2","1"]' }));
  const { stdout } = await graft(["predict", "numbers", join("photos", "red", "0.jpg"), "--csv"], folder);
  const [header = "", row = ""] = stdout.split("\n").map((line) => line.split(","));
  expect(header.slice(6)).toEqual(["p(10)", "p(2)", "p(1)"]);
  expect(row[1]).toBe("10");
  expect(row[6]).toBe(row[2]);
});

test("- reads a photo, or a list of paths", async () => {
  const photo = await withInput(["-"], await readFile(join(folder, "photos", "blue", "1.jpg")));
  expect(photo.stdout).toMatch(/^- {2}blue {4}\d\d\.\d %\n$/);
  const list = `${join("photos", "red", "0.jpg")}\r\n\n${join("odd", "[1].jpg")}\n`;
  expect(paths((await withInput(["-", "--json"], list)).stdout)).toEqual([
    join("photos", "red", "0.jpg"),
    join("odd", "[1].jpg"),
  ]);
  const zeros = await withInput(["-", "--json"], list.replaceAll("\r\n\n", "\0").replace("\n", "\0"));
  expect(paths(zeros.stdout)).toHaveLength(2);
});

test.each([
  ["nothing", "", /is no photo and no list of photos.*\n.*Expected.*\n.*Received: nothing/],
  ["neither", new Uint8Array([1, 2, 3, 250]), /is no photo and no list/],
  ["half a photo", "cut", /truncated|damaged/],
])("%s on the standard input is refused, and says why", async (_, input, says) => {
  const whole = await readFile(join(folder, "photos", "blue", "1.jpg"));
  const outcome = await withInput(["-"], input === "cut" ? whole.subarray(0, whole.length / 2) : input);
  expect(outcome.stderr).toMatch(says);
  expect(outcome).toMatchObject({ exitCode: 1, stdout: "" });
});
