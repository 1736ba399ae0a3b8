import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readModel } from "../../src/onnx/read-model.js";
import { drawColourPhotos } from "../support/colour-photos.js";
import { exportableClassifier } from "../support/exportable-run.js";
import { events, graft } from "./command.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-export-"));
  await mkdir(join(folder, "run"));
  await writeFile(join(folder, "run", "model.onnx"), exportableClassifier({ labels: ["alike", "unlike"] }));
  await drawColourPhotos(join(folder, "photos"));
});
afterAll(() => rm(folder, { recursive: true }));

test("writes below the run's folder, and never over what is there", async () => {
  const first = await graft(["export", "run", "--to", "onnx"], folder);
  expect(first.exitCode, first.stderr).toBe(0);
  expect(first.stdout).toBe(`${join("run", "export", "model.onnx")}\n`);
  await writeFile(join(folder, "run", "export", "model.onnx"), "mine");
  const again = await graft(["export", join("run", "model.onnx"), "--to", "onnx"], folder);
  expect(again.stdout).toBe(`${join("run", "export", "model-2.onnx")}\n`);
  expect(await readFile(join(folder, "run", "export", "model.onnx"), "utf8")).toBe("mine");
  expect((await readdir(join(folder, "run", "export"))).sort()).toEqual(["model-2.onnx", "model.onnx"]);
});

test("a folder is written whole, into a new or an empty one; --json says what is in it", async () => {
  await mkdir(join(folder, "empty"));
  const outcome = await graft(["export", "run", "--to", "transformersjs", "--out", "empty", "--json"], folder);
  const [done, ...rest] = events(outcome.stdout);
  expect(rest).toEqual([]);
  const files = ["config.json", "preprocessor_config.json", "onnx/model.onnx"];
  expect(done).toMatchObject({ event: "done", command: "export", target: "transformersjs", path: "empty", files });
  const sizes = await Promise.all(files.map(async (name) => (await stat(join(folder, "empty", name))).size));
  expect(done?.["bytes"]).toBe(sizes.reduce((sum, size) => sum + size, 0));
  expect((await readdir(join(folder, "empty"))).sort()).toEqual(["config.json", "onnx", "preprocessor_config.json"]);
  const taken = await graft(["export", "run", "--to", "transformersjs", "--out", "empty"], folder);
  expect([taken.exitCode, taken.stderr]).toEqual([2, expect.stringMatching(/the name is taken/)]);
});

test("a place where nothing can be written is named before photos are looked at", async () => {
  await mkdir(join(folder, "full"));
  await writeFile(join(folder, "full", "mine"), "mine");
  const precise = ["--precision", "int8", "--photos", "photos", "--json"];
  const taken = await graft(["export", "run", "--to", "transformersjs", "--out", "full", ...precise], folder);
  expect([taken.exitCode, /"event":"progress"/.exec(taken.stdout)]).toEqual([2, null]);
  const inFile = join("full", "mine", "small.onnx");
  const within = await graft(["export", "run", "--to", "onnx", "--out", inFile, ...precise], folder);
  expect([within.exitCode, /"event":"progress"/.exec(within.stdout)]).toEqual([1, null]);
  expect(await readdir(join(folder, "full"))).toEqual(["mine"]);
});

test.skipIf(process.platform === "win32")("a link that leads nowhere is a name that is taken", async () => {
  await symlink(join(folder, "nowhere", "else.onnx"), join(folder, "dangling.onnx"));
  const outcome = await graft(["export", "run", "--to", "onnx", "--out", "dangling.onnx"], folder);
  expect([outcome.exitCode, outcome.stderr]).toEqual([2, expect.stringMatching(/the name is taken/)]);
  expect((await readdir(folder)).filter((name) => name.startsWith("dangling"))).toEqual(["dangling.onnx"]);
});

test("8 bits are chosen by photos, and what they cost is said", async () => {
  const outcome = await graft(
    ["export", "run", "--to", "onnx", "--precision", "int8", "--photos", "photos", "--out", "small.onnx", "--json"],
    folder,
  );
  expect(outcome.exitCode, outcome.stderr).toBe(0);
  const done = events(outcome.stdout).at(-1);
  expect(done).toMatchObject({
    event: "done",
    command: "export",
    photos: 80,
    other_labels: expect.any(Number) as number,
  });
  const { accuracy_before: before, accuracy_after: after, difference } = done as Record<string, number>;
  expect(Math.abs((before ?? NaN) - (after ?? NaN))).toBeLessThan(0.1);
  expect(difference).toBeGreaterThan(0);
  expect(difference).toBeLessThan(0.3);
  const { nodes, metadata } = readModel(await readFile(join(folder, "small.onnx")), "small.onnx");
  const rounded = nodes.filter(({ op }) => op === "QLinearConv").length;
  const left = nodes.filter(({ op }) => op === "Conv").length;
  expect(rounded).toBeGreaterThan(0);
  expect((done?.["float32"] as string[]).length).toBe(left);
  // How many they are depends on the processor's way to add products.
  const [learned, slow] = done?.["notes"] as (string | undefined)[];
  expect(learned).toMatch(/has learned from, or nobody knows/);
  if (rounded > left) expect(slow).toBeUndefined();
  else expect(slow).toMatch(new RegExp(`^Only ${rounded} of ${rounded + left} convolutions`));
  expect(JSON.parse(metadata["labels"] ?? "")).toEqual(["alike", "unlike"]);
  const said = await graft(["evaluate", "small.onnx", join("photos", "validation"), "--json"], folder);
  expect(events(said.stdout).at(-1)).toMatchObject({ event: "done", photos: 80 });
});

test("half precision is measured on photos where there are any, and says so where there are none", async () => {
  const half = ["export", "run", "--to", "onnx", "--precision", "float16"];
  const measured = await graft([...half, "--photos", "photos", "--out", "half.onnx", "--json"], folder);
  expect(measured.exitCode, measured.stderr).toBe(0);
  const told = events(measured.stdout);
  const done = told.at(-1);
  expect(done).toMatchObject({ event: "done", photos: 64, float32: [] });
  expect(done?.["difference"]).toBeGreaterThan(0);
  expect(done?.["difference"]).toBeLessThan(0.02);
  const progress = told.find(({ stage }) => stage === "exporting");
  expect(progress).toMatchObject({ event: "progress", unit: "photos" });
  expect(progress?.["photos_per_second"]).toBeGreaterThan(0);
  expect(progress?.["seconds_left"]).toBeGreaterThanOrEqual(0);
  const drawn = await graft([...half, "--out", "drawn.onnx"], folder);
  expect(drawn.exitCode, drawn.stderr).toBe(0);
  expect(drawn.stderr).toMatch(/tried with drawn photos only: Nobody knows where the photos.*--photos/s);
  const wrong = await graft([...half, "--photos", "nowhere", "--out", "no.onnx"], folder);
  expect([wrong.exitCode, wrong.stderr]).toEqual([1, expect.stringMatching(/nowhere cannot be read/)]);
  expect((await readdir(folder)).includes("no.onnx")).toBe(false);
});

test("--to keras names all classes in their order, however many they are", async () => {
  const labels = Array.from({ length: 40 }, (_, index) => `class ${index}`);
  await mkdir(join(folder, "many"));
  await writeFile(join(folder, "many", "model.onnx"), exportableClassifier({ labels }));
  const outcome = await graft(["export", "many", "--to", "keras"], folder);
  expect(outcome.exitCode, outcome.stderr).toBe(0);
  expect([...outcome.stderr.matchAll(/"(class \d+)"/g)].map(([, name]) => name)).toEqual(labels);
});

test("photos that are no longer where they were are asked for with --photos", async () => {
  const moved = join(folder, "moved");
  await mkdir(moved);
  await writeFile(join(moved, "model.onnx"), exportableClassifier({ labels: ["alike", "unlike"] }));
  const whole = ["export", "moved", "--to", "onnx", "--precision"];
  const others = join(folder, "others");
  for (const name of ["roses", "tulips"]) {
    await mkdir(join(others, name), { recursive: true });
    await writeFile(join(others, name, "1.jpg"), "no photo");
  }
  for (const [directory, exitCode, received] of [
    [join(folder, "gone"), 1, /nothing of that name/],
    [others, 2, /"roses", "tulips"/],
  ] as const) {
    const split = { division: "drawn", training: [], validation: [] };
    await writeFile(
      join(moved, "run.json"),
      JSON.stringify({ format: 2, data: { directory, fingerprint: "" }, split }),
    );
    const outcome = await graft([...whole, "int8", "--out", "moved.onnx"], folder);
    expect([outcome.exitCode, outcome.stderr]).toEqual([exitCode, expect.stringMatching(received)]);
    expect(outcome.stderr).toMatch(/not in .* as they were when it was trained.*--photos/s);
  }
  const half = await graft([...whole, "float16", "--out", "moved.onnx"], folder);
  expect(half.exitCode, half.stderr).toBe(0);
  expect(half.stderr).toMatch(
    /drawn photos only: The photos of this classifier are not in \S+ as they were[^:]*\. With --photos/,
  );
});

test.each([
  { args: ["--to", "zip"], exitCode: 2, says: /--to.*onnx.*transformersjs.*tfjs.*keras.*html/s },
  { args: [], exitCode: 2, says: /--to/ },
  { args: ["--to", "html", "--opset", "17"], exitCode: 2, says: /--to html does not take --opset.*--precision/s },
  { args: ["--to", "onnx", "--opset", "12"], exitCode: 2, says: /from 17 to 18/ },
  { args: ["--to", "onnx", "--precision", "int8"], exitCode: 2, says: /Nobody knows where the photos.*--photos/s },
  {
    args: ["--to", "onnx", "--photos", "photos"],
    exitCode: 2,
    says: /Nothing.*looks at photos.*--precision int8 or float16/s,
  },
  { args: ["--to", "onnx", "--out", join("run", "model.onnx")], exitCode: 2, says: /the name is taken/ },
  { args: ["--to", "onnx", "--size", "9999999"], exitCode: 2, says: /--size/ },
])("export $args is refused, and says why", async ({ args, exitCode, says }) => {
  const before = await readdir(folder, { recursive: true });
  const outcome = await graft(["export", "run", ...args], folder);
  expect(outcome.stderr).toMatch(says);
  expect(outcome.exitCode).toBe(exitCode);
  expect(outcome.stdout).toBe("");
  expect(await readdir(folder, { recursive: true })).toEqual(before);
});
