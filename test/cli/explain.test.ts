import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { colourClassifier } from "./colour-classifier.js";
import { events, graft } from "./command.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-explain-"));
  await mkdir(join(folder, "run"));
  await writeFile(join(folder, "run", "model.onnx"), colourClassifier());
  await mkdir(join(folder, "photos"));
  // Red on the left, blue on the right.
  const red = await sharp({ create: { width: 60, height: 80, channels: 3, background: "#e01010" } })
    .png()
    .toBuffer();
  await sharp({ create: { width: 120, height: 80, channels: 3, background: "#1010d0" } })
    .composite([{ input: red, left: 0, top: 0 }])
    .png()
    .toFile(join(folder, "photos", "both.png"));
  await writeFile(join(folder, "photos", "text.jpg"), "this is no photo");
});
afterAll(() => rm(folder, { recursive: true }));

const both = join("photos", "both.png");

/** How light a half of a picture is. */
async function lightness(file: string, left: number): Promise<number> {
  const half = await sharp(join(folder, file)).extract({ left, top: 0, width: 60, height: 80 }).toBuffer();
  const { channels } = await sharp(half).stats();
  return channels.reduce((sum, { mean }) => sum + mean, 0) / 3;
}

test("draws what speaks for a class beside the photo; one that cannot be read is named", async () => {
  const outcome = await graft(["explain", "run", both, join("photos", "text.jpg"), "--class", "red"], folder);
  expect(outcome.exitCode, outcome.stderr).toBe(0);
  expect(outcome.stdout).toMatch(/^photos.both\.png {2,}red {2} {0,2}\d+\.\d % {2}photos.both\.png\.heat\.png\n$/);
  expect(outcome.stderr).toMatch(
    /^Skipped photos.text\.jpg: it is not a JPEG.*\.\nDrawn by laying patches over the photo \(occlusion\)\.\n$/,
  );
  const { width, height, format } = await sharp(join(folder, `${both}.heat.png`)).metadata();
  expect({ width, height, format }).toEqual({ width: 120, height: 80, format: "png" });
  await graft(["explain", "run", both, "--class", "blue", "--out", "blue"], folder);
  const [red, blue] = [`${both}.heat.png`, join("blue", "both.png.heat.png")];
  expect(await lightness(red, 0)).toBeGreaterThan((await lightness(blue, 0)) + 20);
  expect(await lightness(blue, 60)).toBeGreaterThan((await lightness(red, 60)) + 20);
});

test("never writes over what is there, and makes the folder that it is told", async () => {
  const mine = join(folder, "out", "both.png.heat.png");
  await graft(["explain", "run", both, "--out", "out"], folder);
  await writeFile(mine, "a picture of mine");
  const outcome = await graft(["explain", "run", both, "--out", "out"], folder);
  expect(outcome.stdout).toMatch(/out.both\.png\.heat-2\.png\n$/);
  expect(await readFile(mine, "utf8")).toBe("a picture of mine");
  expect((await readdir(join(folder, "out"))).sort()).toEqual(["both.png.heat-2.png", "both.png.heat.png"]);
});

test("--json: the picture's path and the heat of each place, then done", async () => {
  const outcome = await graft(["explain", "run", both, "--class", "blue", "--out", "json", "--json"], folder);
  const [explanation, done, ...rest] = events(outcome.stdout);
  expect(rest).toEqual([]);
  expect(explanation).toMatchObject({ event: "explanation", path: both, label: "blue", method: "occlusion" });
  expect(explanation?.["picture"]).toBe(join("json", "both.png.heat.png"));
  const heat = explanation?.["heat"] as number[][];
  expect(heat.map((row) => row.length)).toEqual(Array<number>(8).fill(8));
  expect(Math.max(...heat.flatMap((row) => row.slice(0, 3)))).toBeLessThan(
    Math.min(...heat.flatMap((row) => row.slice(5))),
  );
  expect(done).toEqual({ event: "done", command: "explain", photos: 1, skipped: 0, device: "cpu" });
});

test("a photo beside which no picture can be written costs no other one its picture", async () => {
  // With what is put behind it the name is longer than a disk takes.
  const long = join("photos", `${"x".repeat(246)}.png`);
  await copyFile(join(folder, both), join(folder, long));
  const outcome = await graft(["explain", "run", long, both, "--out", "others"], folder);
  expect([outcome.exitCode, outcome.stderr]).toEqual([0, expect.stringMatching(/^Skipped .*: its picture cannot be/)]);
  expect(await readdir(join(folder, "others"))).toEqual(["both.png.heat.png"]);
  const alone = await graft(["explain", "run", long], folder);
  expect([alone.exitCode, alone.stderr]).toEqual([1, expect.stringMatching(/cannot be written.*too long a name/s)]);
  await rm(join(folder, long));
});

test.each([
  { args: [both, "--class", "green grass"], exitCode: 2, says: /no such class.*\n.*Expected: "red", "green"/s },
  { args: [both, "--method", "gradcam"], exitCode: 2, says: /hirescam or grad-cam/ },
  { args: [both, "--method", "grad-cam"], exitCode: 2, says: /occlusion suits all networks/ },
  { args: [join("photos", "text.jpg")], exitCode: 1, says: /it is not a JPEG/ },
  { args: [both, "--out", join("photos", "text.jpg")], exitCode: 1, says: /text\.jpg.*a file where a folder/s },
  { args: [], exitCode: 2, says: /PHOTO/i },
])("explain $args is refused, and says why", async ({ args, exitCode, says }) => {
  const outcome = await graft(["explain", "run", ...args], folder);
  expect(outcome.stderr).toMatch(says);
  expect(outcome.exitCode).toBe(exitCode);
  expect(outcome.stdout).toBe("");
});
