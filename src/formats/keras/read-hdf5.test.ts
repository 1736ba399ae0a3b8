import { File as LibraryFile, Group, ready } from "h5wasm";
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { FileError } from "../../errors/errors.js";
import { readHdf5 } from "./read-hdf5.js";

async function made(fill: (file: LibraryFile) => void): Promise<Uint8Array> {
  const { FS } = await ready;
  const file = new LibraryFile("/read.h5", "w");
  fill(file);
  file.close();
  const bytes = FS.readFile("/read.h5").slice();
  FS.unlink("/read.h5");
  return bytes;
}

function variables(file: LibraryFile): Group {
  const group = file.create_group("layers").create_group("dense");
  const vars = group.create_group("vars");
  if (!(vars instanceof Group)) throw new Error("no group");
  return vars;
}

test("numbers of a file read on the other thread arrive, and the given bytes stay", async () => {
  const bytes = await made((file) => {
    variables(file).create_dataset({ name: "0", data: Float32Array.of(1.5, -2), shape: [2, 1] });
  });
  const before = bytes.slice();
  const groups = await readHdf5("variables", bytes, "a.weights.h5");
  expect(groups.get("layers/dense")?.tensors).toEqual([
    { type: "float32", dims: [2, 1], data: Float32Array.of(1.5, -2) },
  ]);
  expect(bytes).toEqual(before);
});

test("an error of the other thread is a FileError with its facts, and later files are read", async () => {
  const reading = readHdf5("weights", new TextEncoder().encode("<!DOCTYPE html>"), "page.h5");
  await expect(reading).rejects.toThrow(FileError);
  await expect(reading).rejects.toMatchObject({ subject: "page.h5", received: "15 bytes, a web page" });
  const bytes = await made((file) => {
    variables(file).create_dataset({ name: "0", data: Float32Array.of(3) });
  });
  expect((await readHdf5("variables", bytes, "a.h5")).get("layers/dense")?.tensors[0]?.data[0]).toBe(3);
});

test("a group that lies in itself is an error", async () => {
  const bytes = await made((file) => {
    file.create_group("layers");
    const group = file.get("layers");
    if (!(group instanceof Group)) throw new Error("no group");
    group.create_hard_link("/layers", "dense");
  });
  await expect(readHdf5("variables", bytes, "round.h5")).rejects.toThrow(/more than 64 groups in each other/);
});

test("more numbers than the file can hold are an error: the same ones under many names", async () => {
  const bytes = await made((file) => {
    const vars = variables(file);
    vars.create_dataset({ name: "0", data: new Float32Array(1 << 20), chunks: [1 << 20], compression: "gzip" });
    for (let i = 1; i < 40; i++) vars.create_hard_link("/layers/dense/vars/0", String(i));
  });
  await expect(readHdf5("variables", bytes, "huge.h5")).rejects.toThrow(/more than the file can hold/);
});

test("a file whose heap never ends is an error at once", async () => {
  const bytes = await readFile(new URL("../../../test/fixtures/endless.h5", import.meta.url));
  await expect(readHdf5("weights", bytes, "endless.h5")).rejects.toThrow(/damaged HDF5 file/);
});
