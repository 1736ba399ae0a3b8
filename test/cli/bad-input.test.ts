import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { colourClassifier } from "./colour-classifier.js";
import { events, graft } from "./command.js";
import { wrongVgg16Weights } from "./keras-file.js";
import { writePhoto, writePhotoFolder } from "./photos.js";
import { tinyNetwork } from "./tiny-network.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-bad-"));
  await writePhotoFolder(join(folder, "photos"), 3);
  await mkdir(join(folder, "run"));
  await writeFile(join(folder, "run", "model.onnx"), colourClassifier());
  await writeFile(join(folder, "network.onnx"), tinyNetwork());
  await writeFile(join(folder, "text.txt"), "hello");
  await mkdir(join(folder, "taken"));
  await writeFile(join(folder, "taken", "diary.txt"), "keep me");
  await mkdir(join(folder, "empty"));
  await writePhoto(join(folder, "flat", "1.jpg"), "red", 1);
  await writePhoto(join(folder, "one", "only", "1.jpg"), "red", 1);
  await cp(join(folder, "photos"), join(folder, "broken"), { recursive: true });
  for (const name of ["0.jpg", "1.jpg", "2.jpg"]) await writeFile(join(folder, "broken", "green", name), "");
});
afterAll(() => rm(folder, { recursive: true }));

interface BadCall {
  readonly what: string;
  readonly args: readonly string[];
  readonly exitCode: 1 | 2;
  /** What the message says, in this order. */
  readonly says: readonly string[];
}

const train: readonly BadCall[] = [
  {
    ...{ what: "a missing folder", args: ["train", "nowhere"], exitCode: 1 },
    says: ["folder nowhere cannot be read", "a folder of photos", "nothing of that name", "Check the path"],
  },
  {
    ...{ what: "a file instead of a folder", args: ["train", "text.txt"], exitCode: 1 },
    says: ["text.txt", "a folder of photos", "a file", "one folder per class"],
  },
  {
    ...{ what: "an empty folder", args: ["train", "empty"], exitCode: 1 },
    says: ["has no class folders", "one folder per class", "an empty folder", "For example"],
  },
  {
    ...{ what: "photos without class folders", args: ["train", "flat"], exitCode: 1 },
    says: ["directly in flat", "one folder per class", '"1.jpg"', "For example"],
  },
  {
    ...{ what: "one class only", args: ["train", "one"], exitCode: 1 },
    says: ["one class only", "at least two folders", '"only"', "Add a folder"],
  },
  {
    ...{ what: "a class without a readable photo", args: ["train", "broken"], exitCode: 1 },
    says: [
      'class "green"',
      "no photo that can be read",
      "at least one photo",
      "3 files",
      "is empty",
      "remove the folder",
    ],
  },
  {
    ...{ what: "an unknown network", args: ["train", "photos", "--network", "mobilnetv2"], exitCode: 2 },
    says: ['no network "mobilnetv2"', "graft networks", "Received: mobilnetv2", 'Did you mean "mobilenetv2"'],
  },
  {
    ...{ what: "a network file that is missing", args: ["train", "photos", "--network", "no.onnx"], exitCode: 1 },
    says: ["no.onnx cannot be read", "no such file", ".onnx, .keras"],
  },
  {
    ...{ what: "a network file that is none", args: ["train", "photos", "--network", "fake.onnx"], exitCode: 1 },
    says: ["fake.onnx", "ONNX"],
  },
  {
    what: "a network file that does not say its preprocessing",
    args: ["train", "photos", "--network", "network.onnx"],
    exitCode: 2,
    says: ["network.onnx does not say", "--preprocess with one of tf, torch, caffe, 0-1"],
  },
  {
    what: "an unknown layer",
    args: ["train", "photos", "--network", "network.onnx", "--preprocess", "tf", "--unfreeze", "cnv"],
    exitCode: 2,
    says: ['no layer "cnv"', 'Did you mean "conv"'],
  },
  {
    ...{ what: "a device that is not there", args: ["train", "photos", "--device", "gpu"], exitCode: 2 },
    says: ['device "gpu" is not available', "cpu", "Received: gpu", "Did you mean"],
  },
  {
    ...{ what: "an output folder that holds something", args: ["train", "photos", "--out", "taken"], exitCode: 2 },
    says: ["output folder taken", "does not exist yet, or an empty one", '"diary.txt"', "overwrites nothing"],
  },
  {
    ...{ what: "an output folder that is a file", args: ["train", "photos", "--out", "text.txt"], exitCode: 2 },
    says: ["output folder text.txt", "Received: a file"],
  },
  {
    ...{
      what: "an output folder that cannot be made",
      args: ["train", "photos", "--out", "text.txt/run"],
      exitCode: 1,
    },
    says: ["cannot be written", "Received", "--out"],
  },
  {
    what: "weights with a network that brings its own",
    args: ["train", "photos", "--weights", "w.h5"],
    exitCode: 2,
    says: ['network "mobilenetv2" brings its own weights', "no weights file", "Received: w.h5"],
  },
  {
    what: "weights with a network from a file",
    args: ["train", "photos", "--network", "network.onnx", "--weights", "w.h5"],
    exitCode: 2,
    says: ["--weights is not usable", "weights inside", "Leave --weights out"],
  },
  ...(
    [
      ["--epochs", "0", "a whole number from 1 to 10000"],
      ["--epochs", "many", "a whole number from 1 to 10000"],
      ["--batch-size", "-4", "a whole number from 1 to 1024"],
      ["--learning-rate", "-0.1", "a number from 0 to 10"],
      ["--image-size", "16", "a whole number from 32 to 1024"],
      ["--seed", "1.5", "a whole number from 0"],
      ["--preprocess", "keras", "tf, torch, caffe, 0-1"],
      ["--out", "", "the path of a folder"],
    ] as const
  ).map(([option, value, expected]): BadCall => ({
    what: `${option} ${value === "" ? "without a value" : value}`,
    args: ["train", "photos", option, value],
    exitCode: 2,
    says: [option.slice(2), expected, `Received: ${value === "" ? "nothing" : value}`],
  })),
];

const weights: readonly BadCall[] = [
  {
    ...{ what: "weights of the wrong shape", args: ["--weights", "wrong.h5"], exitCode: 2 },
    says: ['"block1_conv1/', "does not fit", "[3, 3, 3, 64]", "[1, 1, 1, 1]", "another network"],
  },
  {
    ...{ what: "a truncated .h5", args: ["--weights", "half.h5"], exitCode: 1 },
    says: ["half.h5 is a truncated or damaged HDF5 file", "bytes", "again"],
  },
  {
    ...{ what: "weights that are none", args: ["--weights", "text.txt"], exitCode: 1 },
    says: ["text.txt is not an HDF5 file", "Check the path"],
  },
  {
    ...{ what: "weights that are missing", args: ["--weights", "none.h5"], exitCode: 1 },
    says: ["none.h5 cannot be read", "HDF5"],
  },
].map((call): BadCall => ({ ...(call as BadCall), args: ["train", "photos", "--network", "vgg16", ...call.args] }));

const others: readonly BadCall[] = [
  { what: "an unknown command", args: ["trian"], exitCode: 2, says: ["trian", "Did you mean train?", "graft --help"] },
  {
    ...{ what: "an unknown option", args: ["train", "photos", "--epoch", "3"], exitCode: 2 },
    says: ["--epoch", "Did you mean --epochs?", "graft train --help"],
  },
  { what: "a missing argument", args: ["train"], exitCode: 2, says: ["DIR", "graft train --help"] },
  { what: "an option without its value", args: ["train", "photos", "--epochs"], exitCode: 2, says: ["--epochs"] },
  { what: "an argument too many", args: ["train", "photos", "more"], exitCode: 2, says: ["Too many arguments"] },
  { what: "no command", args: [], exitCode: 2, says: ["Usage: graft", "train", "predict"] },
  {
    ...{ what: "a model that is missing", args: ["predict", "nothing", "flat/1.jpg"], exitCode: 1 },
    says: ["no classifier at nothing", "a run folder or a model.onnx", "graft train"],
  },
  {
    ...{ what: "a folder without a model", args: ["predict", "photos", "flat/1.jpg"], exitCode: 1 },
    says: ["no classifier at photos", '"model.onnx"'],
  },
  {
    ...{ what: "a network that is no classifier", args: ["predict", "network.onnx", "flat/1.jpg"], exitCode: 1 },
    says: ["network.onnx is not a classifier made by Graft", "labels", "graft train"],
  },
  {
    ...{ what: "a folder without photos", args: ["predict", "run", "empty"], exitCode: 2 },
    says: ["There is no photo in empty"],
  },
  {
    ...{ what: "a pattern that nothing fits", args: ["predict", "run", "photos/**/*.heic"], exitCode: 2 },
    says: ["No file fits photos/**/*.heic"],
  },
  {
    ...{ what: "a photo that is missing", args: ["predict", "run", "gone.jpg"], exitCode: 1 },
    says: ["gone.jpg cannot be used", "no such file"],
  },
  {
    ...{ what: "photos that are none", args: ["predict", "run", "text.txt", "gone.jpg"], exitCode: 1 },
    says: ["Skipped text.txt: it is not a JPEG", "Skipped gone.jpg", "No photo could be used", "2 files"],
  },
  {
    ...{ what: "no photo", args: ["predict", "run"], exitCode: 2 },
    says: ["PHOTO", "graft predict --help"],
  },
  {
    ...{ what: "classes that the classifier does not know", args: ["evaluate", "run", "other"], exitCode: 2 },
    says: ["classes of other", '"red", "green", "blue"', '"blu"', 'missing: "green", "blue"', 'Did you mean "blue"'],
  },
];

describe.concurrent("bad input", () => {
  beforeAll(async () => {
    const wrong = await wrongVgg16Weights();
    await writeFile(join(folder, "wrong.h5"), wrong);
    await writeFile(join(folder, "half.h5"), wrong.subarray(0, wrong.length / 2));
    await writeFile(join(folder, "fake.onnx"), "hello, this is no network");
    await writePhotoFolder(join(folder, "other"), 1, ["red"]);
    await writePhoto(join(folder, "other", "blu", "1.jpg"), "blue", 5);
  });

  test.each([...train, ...weights, ...others])("$what: $args", async ({ args, exitCode, says }) => {
    const before = await readdir(folder, { recursive: true });
    const outcome = await graft(args, folder);
    expect(outcome.stdout).toBe("");
    const words = outcome.stderr.replace(/\s+/g, " ");
    let at = 0;
    for (const text of says) {
      expect(words.slice(at), outcome.stderr).toContain(text);
      at = words.indexOf(text, at);
    }
    expect(outcome.exitCode).toBe(exitCode);
    expect(words).not.toMatch(/mistake in Graft|at file:|node:internal/);
    // Nothing was overwritten, and nothing is left behind.
    const after = await readdir(folder, { recursive: true });
    expect(after.filter((name) => !before.includes(name) && !name.startsWith("runs"))).toEqual([]);
  });
});

test("no run folder is left behind by all that", async () => {
  // The calls above ran at the same time, so that none may have found the folder of all runs empty.
  expect(await readdir(join(folder, "runs")).catch(() => [])).toEqual([]);
});

test.each([
  { args: ["train", "nowhere", "--json"], exitCode: 1, code: "file" },
  { args: ["train", "photos", "--epochs", "0", "--json"], exitCode: 2, code: "usage" },
  { args: ["train", "--json"], exitCode: 2, code: "usage" },
  { args: ["predict", "nothing", "flat/1.jpg", "--json"], exitCode: 1, code: "file" },
  { args: ["predict", "run", "flat", "--csv", "--json"], exitCode: 2, code: "usage" },
])("with --json the last line is an error: $args", async ({ args, exitCode, code }) => {
  const outcome = await graft(args, folder);
  expect(outcome.exitCode).toBe(exitCode);
  const last = events(outcome.stdout).at(-1);
  expect(last).toEqual({ event: "error", code, message: expect.stringMatching(/^\S.*\.$/) as unknown });
});

test("a link that leads nowhere is skipped and named, as any other broken photo", async () => {
  await cp(join(folder, "photos"), join(folder, "linked"), { recursive: true });
  await symlink(join(folder, "gone"), join(folder, "linked", "red", "9.jpg"));
  await writeFile(join(folder, "linked", "blue", "9.jpg"), "<html>");
  const outcome = await graft(
    ["train", "linked", "--network", "network.onnx", "--preprocess", "tf", "--unfreeze", "none"],
    folder,
  );
  expect(outcome.stderr).toMatch(/Skipped linked.red.9\.jpg: there is no such file/);
  expect(outcome.stderr).toMatch(/Skipped linked.blue.9\.jpg: it is a web page/);
});
