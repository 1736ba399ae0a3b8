import { copyFile, cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runRecord } from "../../src/runs/run-record.js";
import { summariesOf } from "../support/event-files.js";
import { events, graft, type Outcome } from "./command.js";
import { writePhoto, writePhotoFolder } from "./photos.js";
import { tinyNetwork } from "./tiny-network.js";

let folder = "";
let trained: Outcome;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-report-"));
  await writeFile(join(folder, "tiny.onnx"), tinyNetwork());
  await writePhotoFolder(join(folder, "photos"), 10);
  // A red photo in the folder of blue ones, a copy, and a file that is no photo.
  await writePhoto(join(folder, "photos", "blue", "wrong-folder.jpg"), "red", 99);
  await copyFile(join(folder, "photos", "green", "0.jpg"), join(folder, "photos", "green", "copy.jpg"));
  await writeFile(join(folder, "photos", "green", "<b>text.jpg"), "this is no photo");
  const asked = ["--network", "tiny.onnx", "--preprocess", "torch", "--epochs", "2"];
  trained = await graft(["train", "photos", ...asked, "--out", "run", "--json"], folder);
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

const page = (name: string): Promise<string> => readFile(join(folder, name), "utf8");
const pictures = (text: string): number => text.split("data:image/webp;base64,").length - 1;

test("each run has a page that says what run.json says, with pictures, and nothing that is run or loaded", async () => {
  expect(trained.exitCode, trained.stderr).toBe(0);
  const done = events(trained.stdout).at(-1);
  expect(done?.["report"]).toBe(join("run", "report.html"));
  const text = await page("run/report.html");
  const record = runRecord.parse(JSON.parse(await page("run/run.json")));
  expect(text).toContain(`${(100 * record.result.val_accuracy).toFixed(1)} %`);
  expect(text).toContain(`of the ${record.result.held_out?.photos} photos that were held out rightly`);
  expect(text).toContain("&lt;b&gt;text.jpg</span>: it is not a JPEG");
  expect(text).toMatch(/Photos that are there more than once: 1.*green\/0\.jpg.*green\/copy\.jpg/s);
  expect(text).toMatch(/Labels that may be wrong: \d+.*blue\/wrong-folder\.jpg/s);
  expect(pictures(text)).toBeGreaterThan(40);
  expect(text).not.toMatch(/<script|https?:|<b>text/);
});

test("TensorBoard shows the worst mistakes under the same tags in each run, with words as titles", async () => {
  const all = await summariesOf(join(folder, "run"));
  const mistakes = all.filter(({ tag }) => tag.startsWith("worst_mistakes"));
  expect(mistakes.map(({ tag }) => tag)).toEqual(mistakes.map((_, index) => `worst_mistakes/${index + 1}`));
  expect(mistakes[0]?.title).toMatch(/^\w+ taken for \w+, \d+\.\d %$/);
  expect(mistakes.map(({ description }) => description).join()).toMatch(
    /wrong\\-folder\\.jpg is blue .* was taken for red/,
  );
});

test("it says that the classifier has learned from what measured it only where it has", async () => {
  const words = "the one that was kept has learned from all of them";
  expect((await page("run/report.html")).replace(/\s+/g, " ")).toContain(words);
  await cp(join(folder, "run"), join(folder, "apart"), { recursive: true });
  const record = runRecord.parse(JSON.parse(await page("apart/run.json")));
  const split = { ...record.split, learned_from: record.split.training };
  await writeFile(join(folder, "apart", "run.json"), JSON.stringify({ ...record, split }));
  const outcome = await graft(["report", "apart"], folder);
  expect(outcome.exitCode, outcome.stderr).toBe(0);
  expect((await page("apart/report.html")).replace(/\s+/g, " ")).not.toContain(words);
});

test("graft report makes it again, to the byte", async () => {
  const before = await page("run/report.html");
  await writeFile(join(folder, "run", "report.html"), "damaged");
  const outcome = await graft(["report", "run"], folder);
  expect(outcome.exitCode, outcome.stderr).toBe(0);
  expect(outcome.stdout).toMatch(/^run.report\.html {2}\d+\.\d % of \d+ photos named rightly\n$/);
  expect(await page("run/report.html")).toBe(before);
});

test("--photos measures other photos and writes a new page, never over another one", async () => {
  await writePhotoFolder(join(folder, "holiday"), 3, undefined, 5000);
  const outcome = await graft(["report", "run", "--photos", "holiday", "--json"], folder);
  expect(outcome.exitCode, outcome.stderr).toBe(0);
  expect(events(outcome.stdout).at(-1)).toMatchObject({
    ...{ event: "done", command: "report", report: join("run", "report-holiday.html"), photos: 9 },
  });
  expect(await page("run/report-holiday.html")).toContain("They are those of holiday");
  const again = await graft(["report", "run", "--photos", "holiday"], folder);
  expect(again.stdout).toContain("report-holiday-2.html");
  await writeFile(join(folder, "mine.html"), "mine");
  const named = await graft(["report", "run", "--photos", "holiday", "--out", "mine.html"], folder);
  expect(named.stdout).toContain("mine-2.html");
  expect(await page("mine.html")).toBe("mine");
}, 60_000);

test.each([
  {
    name: "one class",
    classes: ["green"] as const,
    divided: "",
    photos: 4,
    says: "1 of the 3 classes",
    lacks: '"blue", "red"',
  },
  {
    name: "test photos of two",
    classes: ["red", "blue"] as const,
    divided: "test",
    photos: 8,
    says: "2 of the 3 classes",
    lacks: '"green"',
  },
])("--photos of some classes is a report of these: $name", async ({ name, classes, divided, photos, says, lacks }) => {
  const directory = join("some", name);
  await writePhotoFolder(join(folder, directory, divided), 4, classes, 7000);
  // A folder without photos is a class that is missing, and what is not measured with is not looked at.
  await mkdir(join(folder, directory, divided, divided === "" ? "red" : "green"), { recursive: true });
  if (divided !== "") await writePhotoFolder(join(folder, directory, "train"), 1, undefined, 8000);
  const outcome = await graft(["report", "run", "--photos", directory, "--out", `${name}.html`, "--json"], folder);
  expect(outcome.exitCode, outcome.stderr).toBe(0);
  const message = `${directory} has photos of ${says}: figures are of these. Without photos: ${lacks}.`;
  expect(events(outcome.stdout)).toContainEqual({ event: "warning", code: "classes-missing", message });
  expect(events(outcome.stdout).at(-1)).toMatchObject({ command: "report", photos });
  const text = (await page(`${name}.html`)).replace(/\s+/g, " ");
  expect(text).toContain(`, and of ${says.replace("the", "its")} only.`);
  expect(text).toMatch(/Without photos: /);
});

test("of photos that it has learned from, it says so", async () => {
  const outcome = await graft(["report", "run", "--photos", "photos", "--out", "learned.html"], folder);
  expect(outcome.exitCode, outcome.stderr).toBe(0);
  const text = await page("learned.html");
  expect(text).toContain("It has learned from these photos: of others this says nothing.");
  expect(text).not.toContain("Labels that may be wrong");
});

test("photos that have gone or changed are not shown, and the figures stand", async () => {
  await cp(join(folder, "run"), join(folder, "later"), { recursive: true });
  await writePhoto(join(folder, "photos", "red", "0.jpg"), "blue", 7);
  await graft(["report", "later"], folder);
  const changed = await page("later/report.html");
  expect(pictures(changed)).toBeLessThan(pictures(await page("run/report.html")));
  await rename(join(folder, "photos"), join(folder, "elsewhere"));
  const outcome = await graft(["report", "later", "--json"], folder);
  await rename(join(folder, "elsewhere"), join(folder, "photos"));
  expect(outcome.exitCode, outcome.stderr).toBe(0);
  expect(events(outcome.stdout)).toContainEqual(expect.objectContaining({ event: "warning", code: "no-pictures" }));
  expect(pictures(await page("later/report.html"))).toBe(0);
}, 60_000);

test("a stranger's run folder shows no photo but those that it has seen", async () => {
  await cp(join(folder, "run"), join(folder, "stranger"), { recursive: true });
  await writePhoto(join(folder, "secret.jpg"), "red", 3);
  const file = join(folder, "stranger", "predictions.jsonl");
  const evil = { path: "../secret.jpg", set: "held-out", label: "blue", probability: 0, said: [["red", 1]] };
  await writeFile(file, `${JSON.stringify(evil)}\n`);
  const outcome = await graft(["report", "stranger"], folder);
  expect(outcome.exitCode, outcome.stderr).toBe(0);
  const text = await page("stranger/report.html");
  expect(text).toContain("../secret.jpg");
  expect(text.slice(text.indexOf('id="mistakes"'), text.indexOf('id="classes"'))).not.toContain("data:image");
});

test.each([
  { args: ["nowhere"], exitCode: 1, says: /nowhere/ },
  { args: ["photos"], exitCode: 1, says: /run\.json/ },
  { args: ["run", "--photos", "nowhere"], exitCode: 1, says: /nowhere/ },
  {
    args: ["run", "--photos", "unknown"],
    exitCode: 2,
    says: /unknown to the classifier: "grean"; missing: "green"[^]*Did you mean "green"/,
  },
  { args: ["run", "--photos", "empty"], exitCode: 1, says: /has no class folders[^]*an empty folder/ },
  { args: ["run", "--photos", "hollow"], exitCode: 1, says: /The class "blue" in hollow has no photos/ },
  { args: ["run", "--photos", "unlabelled"], exitCode: 1, says: /lie directly in unlabelled/ },
  { args: ["older"], exitCode: 1, says: /graft report older --photos DIR/ },
  { args: [], exitCode: 2, says: /RUN/i },
])("report $args is refused, and says why", async ({ args, exitCode, says }) => {
  await cp(join(folder, "run"), join(folder, "older"), { recursive: true });
  await rm(join(folder, "older", "predictions.jsonl"));
  await mkdir(join(folder, "empty"), { recursive: true });
  await mkdir(join(folder, "hollow", "blue"), { recursive: true });
  await writePhotoFolder(join(folder, "unknown"), 1);
  await rm(join(folder, "unknown", "grean"), { recursive: true, force: true });
  await rename(join(folder, "unknown", "green"), join(folder, "unknown", "grean"));
  await writePhoto(join(folder, "unlabelled", "0.jpg"), "red", 1);
  const outcome = await graft(["report", ...args], folder);
  expect([outcome.exitCode, outcome.stdout]).toEqual([exitCode, ""]);
  expect(outcome.stderr).toMatch(says);
});
