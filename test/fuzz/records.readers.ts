import { readFile, readdir } from "node:fs/promises";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { strToU8, zipSync } from "fflate";
import { readCsv } from "../../src/data/generator/csv.js";
import { hashBytes } from "../../src/files/checksum.js";
import { extractArchive } from "../../src/files/extract-archive.js";
import { readNpz } from "../../src/formats/numpy/npz.js";
import { readBegunRun, writeBegunRun } from "../../src/jobs/begun-run.js";
import { readClassWeights } from "../../src/jobs/class-weights-file.js";
import { readRunBefore } from "../../src/jobs/repeat-run.js";
import { float32 } from "../../src/onnx/tensor-data.js";
import { Checkpoints } from "../../src/runs/checkpoints.js";
import { photoList, readPhotoList } from "../../src/runs/photo-list.js";
import { readSplitRecord } from "../../src/runs/run-record.js";
import { decodeState, encodeState } from "../../src/training/fit/state-file.js";
import type { FuzzReader } from "../support/fuzz-readers.js";
import { tar } from "../support/tar.js";

/* The readers of arrays, archives, lists and the records of runs, as fuzz.test.ts damages their files. */

const npy = (descr: string, shape: string, bytes: Uint8Array): Uint8Array => {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }`.padEnd(117) + "\n";
  const begin = Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, header.length, 0]);
  return Buffer.concat([begin, Buffer.from(header), bytes]);
};

const members = {
  "a/one.txt": strToU8("one"),
  "a/two.txt": strToU8("two ".repeat(300)),
  "b/three.bin": new Uint8Array(2000).map((_, index) => (index * 7) % 256),
};
const tarred = (): Uint8Array => tar({ "a/": "", ...members });

/** Unpacks, and looks whether anything came to lie outside. */
async function unpack(path: string): Promise<void> {
  const folder = dirname(path);
  const failure: unknown = await extractArchive(path, join(folder, "out")).catch((error: unknown) => error);
  const names = await readdir(folder);
  if (names.some((name) => join(folder, name) !== path && name !== "out")) {
    throw new Error(`Something lies outside: ${names.join(", ")}`);
  }
  if (failure !== undefined) throw failure instanceof Error ? failure : new Error(JSON.stringify(failure));
}

const photos = {
  training: [
    ["a/1.jpg", "1"],
    ["b/ü.jpg", "2"],
  ],
  validation: [["a/3.jpg", "3"]],
  test: [["b/4.jpg", "4"]],
} as const;
const hashed = (list: readonly (readonly [string, string])[]): [string, string][] =>
  list.map(([path, digit]) => [path, digit.repeat(64)]);
const hashedPhotos = {
  training: hashed(photos.training),
  validation: hashed(photos.validation),
  test: hashed(photos.test),
};
const list = photoList(hashedPhotos);

/** What went into a run. */
const inputs = {
  ...{ directory: "photos", classes: ["a", "b"], division: "drawn" as const, device: "cpu" },
  versions: { graft: "0.1.0" },
  network: { name: "mobilenetv2", image_size: 224, preprocess: "tf", weights: "0".repeat(64) },
  hardware: { processor: "one", processors: 2, architecture: "x64", platform: "linux" },
} as const;

/** A record of a run. */
const record = {
  ...{ format: 2, versions: { graft: "0.1.0", node: "20.0.0" }, started: "2026-11-01T00:00:00.000Z" },
  ...{ finished: "2026-11-01T00:01:00.000Z", seconds: 60, training_seconds: 50, device: "cpu", interrupted: false },
  configuration: { network: "mobilenetv2", seed: 0, epochs: null, learningRate: 0.001, batchSize: 20 },
  network: { name: "mobilenetv2", licence: "MIT", preprocess: "tf", image_size: 224, unfrozen_from: "none" },
  data: {
    ...{ directory: "photos", fingerprint: "0".repeat(64), classes: ["a", "b"] },
    skipped: [{ path: "a/b.jpg", reason: "damaged" }],
  },
  class_weights: { kind: "given", asked: true, by_class: { a: 0.5, b: 2 }, given: { a: 1, b: 4 } },
  split: {
    ...{ division: "drawn", training: ["a/1.jpg", "b/ü.jpg"], validation: ["a/3.jpg"], learned_from: ["a/1.jpg"] },
    ...{ seed: 0, test: ["b/4.jpg"] },
  },
  inputs: { ...inputs, photos_sha256: list.sha256, measured: { "work of an element of tiles": 180 } },
  model_sha256: "0".repeat(64),
  result: { epochs: 1, best_epoch: 1, loss: 0, accuracy: 1, val_loss: 0, val_accuracy: 1 },
};

const tensors = { a: float32([1, 2, 3, 4], [2, 2]), b: float32([5], []) };
const checkpoint = encodeState({ facts: { epoch: 3, history: { loss: [1, 0.5] } }, tensors });

/** Puts a damaged file where a run has it. */
function inCheckpoints(path: string, name: string): string {
  const run = join(dirname(path), "run");
  mkdirSync(join(run, "checkpoints"), { recursive: true });
  renameSync(path, join(run, "checkpoints", name));
  return run;
}

/** Goes through all that a run would be gone on with. */
async function resume(run: string): Promise<void> {
  const checkpoints = new Checkpoints(run);
  const opened = await checkpoints.open();
  if (opened === undefined) throw new Error("There is no checkpoint.");
  const { items, current } = opened.state;
  for (const item of [...items, ...(current === undefined ? [] : [current])]) {
    if ("file" in item) await checkpoints.read(item.file);
  }
}

/** `state.json` of a run that has one checkpoint. */
const state = JSON.stringify(
  {
    ...{ format: 1, seconds: 12.5, saved: "2026-11-01T00:00:30.000Z" },
    items: [
      { what: "stage head", file: "1.safetensors" },
      { what: "choice", value: { epochs: 3, share: 0.25, names: ["a", null] } },
    ],
    ...{ current: { what: "epoch", file: "1.safetensors" } },
    sha256: { "1.safetensors": hashBytes(checkpoint, "sha256") },
  },
  undefined,
  1,
);

/** What `begun.json` says of a run. */
async function begun(): Promise<Uint8Array> {
  const { mkdtemp, rm } = await import("node:fs/promises");
  const { tmpdir } = await import("node:os");
  const run = await mkdtemp(join(tmpdir(), "graft-fuzz-"));
  mkdirSync(join(run, "checkpoints"));
  await writeBegunRun(run, {
    started: new Date("2026-11-01T00:00:00.000Z"),
    settings: { network: "mobilenetv2", seed: 7, epochs: 3, learningRate: 0.001 } as never,
    classWeights: { a: 1, b: 4 },
    inputs: { ...inputs, classes: [...inputs.classes], photos: hashedPhotos },
  });
  const bytes = await readFile(join(run, "checkpoints", "begun.json"));
  await rm(run, { recursive: true });
  return bytes;
}

export const readers: readonly FuzzReader[] = [
  {
    name: "npz",
    file: "arrays.npz",
    seeds: () =>
      Promise.resolve([
        zipSync({ "x.npy": npy("<f4", "2, 3", new Uint8Array(24)), "y.npy": npy("<i8", "2,", new Uint8Array(16)) }),
      ]),
    read: (path) => readNpz(path, ["x", "y"]),
  },
  {
    name: "npy",
    file: "arrays.npz",
    seeds: () => Promise.resolve([npy("<f4", "2, 3", new Uint8Array(24)), npy("|u1", "4, 2, 1", new Uint8Array(8))]),
    wrap: (bytes) => zipSync({ "x.npy": bytes }),
    read: (path) => readNpz(path, ["x"]),
  },
  {
    name: "ZIP",
    file: "archive.zip",
    seeds: () => Promise.resolve([zipSync(members), zipSync(members, { level: 0 })]),
    read: unpack,
  },
  { name: "tar", file: "archive.tar", seeds: () => Promise.resolve([tarred()]), read: unpack },
  {
    name: "tar.gz",
    file: "archive.tar.gz",
    seeds: () => Promise.resolve([gzipSync(tarred())]),
    read: unpack,
  },
  {
    name: "tar in an intact gz",
    file: "archive.tar.gz",
    seeds: () => Promise.resolve([tarred()]),
    wrap: (bytes) => gzipSync(bytes, { level: 1 }),
    read: unpack,
  },
  {
    name: "safetensors",
    file: "state.safetensors",
    seeds: () => Promise.resolve([checkpoint]),
    read: async (path) => decodeState(await readFile(path), path),
  },
  {
    name: "run.json, to predict",
    file: "run.json",
    seeds: () => Promise.resolve([strToU8(JSON.stringify(record, undefined, 2))]),
    read: (path) => readSplitRecord(join(dirname(path), "model.onnx")),
  },
  {
    name: "run.json, to repeat the run",
    file: "run.json",
    seeds: () => Promise.resolve([strToU8(JSON.stringify(record, undefined, 2))]),
    async read(path) {
      writeFileSync(join(dirname(path), "photos.jsonl"), list.text);
      await readRunBefore(dirname(path));
    },
  },
  {
    name: "photos.jsonl",
    file: "photos.jsonl",
    seeds: () => Promise.resolve([strToU8(list.text)]),
    read: async (path) => readPhotoList(dirname(path), hashBytes(await readFile(path), "sha256")),
  },
  {
    name: "state.json of a checkpoint",
    file: "state.json",
    seeds: () => Promise.resolve([strToU8(state)]),
    async read(path) {
      const run = inCheckpoints(path, "state.json");
      writeFileSync(join(run, "checkpoints", "1.safetensors"), checkpoint);
      await resume(run);
    },
  },
  {
    name: "a checkpoint's file",
    file: "1.safetensors",
    seeds: () => Promise.resolve([checkpoint]),
    async read(path) {
      const sum = hashBytes(await readFile(path), "sha256");
      const run = inCheckpoints(path, "1.safetensors");
      // The sums fit: somebody else has written them both.
      const parsed = JSON.parse(state) as object;
      const fitting = JSON.stringify({ ...parsed, sha256: { "1.safetensors": sum } });
      writeFileSync(join(run, "checkpoints", "state.json"), fitting);
      await resume(run);
    },
  },
  {
    name: "begun.json",
    file: "begun.json",
    seeds: async () => [await begun()],
    read: (path) => readBegunRun(inCheckpoints(path, "begun.json")),
  },
  {
    name: "CSV",
    file: "table.csv",
    seeds: () => Promise.resolve([strToU8('file,class\n"a, b.jpg",1\r\n"c ""d"".jpg",2\n\ne.jpg,3\n')]),
    read: readCsv,
  },
  {
    name: "weights of classes",
    file: "weights.json",
    seeds: () => Promise.resolve([strToU8('{"cat": 1, "dog": 2.5}')]),
    read: (path) => readClassWeights(path),
  },
];
