import { gunzipSync } from "node:zlib";
import { File as LibraryFile, ready } from "h5wasm";
import { expect, test } from "vitest";
import { FileError } from "../../errors/errors.js";
import { withHdf5 } from "./hdf5.js";

async function makeHdf5(fill: (file: LibraryFile) => void): Promise<Uint8Array> {
  const { FS } = await ready;
  const file = new LibraryFile("/made.h5", "w");
  fill(file);
  file.close();
  const bytes = FS.readFile("/made.h5").slice();
  FS.unlink("/made.h5");
  return bytes;
}

/** One float32 dataset of a recognisable pattern. */
const patterned = (): Promise<Uint8Array> =>
  makeHdf5((file) => {
    file.create_dataset({ name: "x", data: Float32Array.from({ length: 5000 }, (_, i) => i) });
  });

test("datasets of every float and integer width arrive as float32", async () => {
  const bytes = await makeHdf5((file) => {
    file.create_dataset({ name: "f4", data: Float32Array.of(1.5, -2), shape: [2, 1] });
    file.create_dataset({ name: "f8", data: Float64Array.of(0.1, 2) });
    file.create_dataset({ name: "i1", data: Int8Array.of(-3, 4) });
    file.create_dataset({ name: "i2", data: Int16Array.of(-300, 4) });
    file.create_dataset({ name: "i8", data: BigInt64Array.of(-5n, 6n) });
    file.create_dataset({ name: "u1", data: Uint8Array.of(7, 255) });
    file.create_dataset({ name: "u4", data: Uint32Array.of(7, 4294967295) });
    file.create_dataset({ name: "scalar", data: 3, shape: [], dtype: "<f" });
    file.create_dataset({ name: "none", data: new Float32Array(0), shape: [0, 3] });
  });
  const read = await withHdf5(bytes, "a.h5", (file) =>
    file.members("/").map((name) => ({ name, ...file.float32(`/${name}`) })),
  );
  expect(Object.fromEntries(read.map(({ name, dims, data }) => [name, [dims, [...data]]]))).toEqual({
    f4: [
      [2, 1],
      [1.5, -2],
    ],
    f8: [[2], [Math.fround(0.1), 2]],
    i1: [[2], [-3, 4]],
    i2: [[2], [-300, 4]],
    i8: [[2], [-5, 6]],
    u1: [[2], [7, 255]],
    u4: [[2], [7, Math.fround(4294967295)]],
    scalar: [[], [3]],
    none: [[0, 3], []],
  });
});

test("a compressed dataset is unpacked", async () => {
  const bytes = await makeHdf5((file) => {
    file.create_dataset({ name: "x", data: new Float32Array(4096).fill(7), chunks: [512], compression: "gzip" });
  });
  expect(bytes.byteLength).toBeLessThan(4096);
  const { data } = await withHdf5(bytes, "a.h5", (file) => file.float32("/x"));
  expect(data.every((value) => value === 7)).toBe(true);
});

test("the result stays valid after the file is closed, and the given bytes are unchanged", async () => {
  const bytes = await patterned();
  const before = bytes.slice();
  const { data } = await withHdf5(bytes, "a.h5", (file) => file.float32("/x"));
  await withHdf5(await patterned(), "b.h5", (file) => file.float32("/x"));
  expect(data[4999]).toBe(4999);
  expect(bytes).toEqual(before);
});

test("files opened at the same time do not see each other", async () => {
  const make = (value: number): Promise<Uint8Array> =>
    makeHdf5((file) => file.create_dataset({ name: "x", data: Float32Array.of(value) }));
  const files = [await make(1), await make(2), await make(3)];
  const read = await Promise.all(files.map((bytes) => withHdf5(bytes, "a.h5", (file) => file.float32("/x").data[0])));
  expect(read).toEqual([1, 2, 3]);
});

test("the file is closed and forgotten even when its reader throws", async () => {
  const { FS } = await ready;
  const listing = (): string[] => (FS as unknown as { readdir(path: string): string[] }).readdir("/");
  const bytes = await patterned();
  const before = listing();
  const broken = withHdf5(bytes, "a.h5", () => {
    throw new Error("reader broke");
  });
  await expect(broken).rejects.toThrow("reader broke");
  expect(listing()).toEqual(before);
});

test("a truncated file is refused with its name, its size and what to do", async () => {
  const bytes = (await patterned()).subarray(0, 9000);
  const opening = withHdf5(bytes, "vgg16.h5", () => 0);
  await expect(opening).rejects.toThrow(FileError);
  await expect(opening).rejects.toThrow(
    /vgg16\.h5 .*truncated.*Expected: 22048 bytes.*Received: 9000 bytes.*Download or copy the file again/s,
  );
});

test.each([
  ["an empty file", new Uint8Array(0), /0 bytes, an empty file/],
  ["a web page", new TextEncoder().encode("<!DOCTYPE html><title>404</title>"), /33 bytes, a web page/],
  ["a ZIP archive", Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0), /6 bytes, a ZIP archive \(perhaps a \.keras file\)/],
  ["a Git LFS pointer", new TextEncoder().encode("version https://git-lfs.github.com/spec/v1"), /a Git LFS pointer/],
  ["other bytes", Uint8Array.of(1, 2, 3), /3 bytes, beginning with 01 02 03/],
])("%s is not taken for HDF5, and the error says what it is", async (_, bytes, message) => {
  const opening = withHdf5(bytes, "weights.h5", () => 0);
  await expect(opening).rejects.toThrow(FileError);
  await expect(opening).rejects.toThrow(message);
});

test("a file with damaged strings is refused, and files opened later are read all the same", async () => {
  const bytes = await makeHdf5((file) => {
    file.create_attribute("names", ["conv", "dense", "pool"]);
    file.create_dataset({ name: "x", data: Float32Array.of(5) });
  });
  const heap = Buffer.from(bytes).indexOf("GCOL"); // where HDF5 keeps strings of variable length
  // The number of the first string is another; sizes are looked at before the library reads.
  const damaged = bytes.slice().fill(7, heap + 16, heap + 18);
  for (let i = 0; i < 20; i++) {
    const reading = withHdf5(damaged, "bad.h5", (file) => file.strings("/", "names"));
    await expect(reading).rejects.toThrow(/bad\.h5.*damaged/s);
  }
  expect(await withHdf5(bytes, "good.h5", (file) => file.strings("/", "names"))).toEqual(["conv", "dense", "pool"]);
});

test("a missing dataset and a dataset of strings are named in the error", async () => {
  const bytes = await makeHdf5((file) => {
    file.create_dataset({ name: "words", data: ["a", "b"] });
  });
  await expect(withHdf5(bytes, "a.h5", (file) => file.float32("/x"))).rejects.toThrow(/a\.h5.*dataset at "\/x"/);
  await expect(withHdf5(bytes, "a.h5", (file) => file.float32("/words"))).rejects.toThrow(/numbers at "\/words"/);
});

test("strings come from fixed and variable-length attributes, and an empty list of any type is empty", async () => {
  const bytes = await makeHdf5((file) => {
    file.create_attribute("variable", ["conv", "größe"]);
    file.create_attribute("fixed", ["ab", "cde"], null, "S3");
    file.create_attribute("one", "alone");
    file.create_attribute("empty", new Float64Array(0), [0]);
    file.create_attribute("number", 3);
  });
  const read = (attribute: string): Promise<string[] | undefined> =>
    withHdf5(bytes, "a.h5", (file) => file.strings("/", attribute));
  expect(await read("variable")).toEqual(["conv", "größe"]);
  expect(await read("fixed")).toEqual(["ab", "cde"]);
  expect(await read("one")).toEqual(["alone"]);
  expect(await read("empty")).toEqual([]);
  expect(await read("absent")).toBeUndefined();
  await expect(read("number")).rejects.toThrow(/strings in the attribute "number"/);
});

/**
 * What the library cannot write, written by h5py 3.16 (`libver="latest"`, gzip, base64):
 *
 *     f.create_dataset("half", data=np.array([[1, -2], [0.5, 6e-8]], "<f2"))
 *     f.create_dataset("big_half", data=np.array([1, -2], ">f2"))
 *     f.create_dataset("big_float", data=np.array([1.5, -2], ">f4"))
 *     f.create_dataset("big_int", data=np.array([1, -2], ">i4"))
 *     f.create_dataset("flag", data=np.array([True, False]))
 *     f.create_dataset("shuffled", data=np.arange(6, dtype="f4"), compression="gzip", shuffle=True)
 */
const byH5py = [
  "H4sIAAAAAAACA+v0cHHj5ZLiYubgYICB/1AwhR3CN4CKx1+dW+jv4RLExFAhIMDAwM0GETaESnMxMTAyMLDxMwAplozEnLTNUAk2YZAQR1Jm",
  "ejxI+DgjVFgEJMwJEk7LyU8suc4EFRcCibODxDPzSl4zQ00By4ZVyJWBncDIwMioAhRkYmRkQlaAhWYWYWAUVOCH8gUYuFgZuICOZGAFupeZ",
  "iwNoGzPjfqib4IGwgGHQg4auff8YbBgOMFgwMsDDBBimwCBhxBoGivjD4DJUMQvMgg0MQw6sncu/CxQkxIWHPNSvCgziHAzi9Wjh8ZgZLU0M",
  "wfCYuW1Ktf0BBmCIMBAOEx4GRgFOBniYIIfFdxa0sNjBMGTB8bcPvIAUI7CE+0cwTBQZGCOYQOURMNdwQGhQKLg5+gS7MoQEhboCxZADyoYN",
  "1QCGxUMiTI7Kyt71d/bwBpXrXtBi3xRWfENK9LScxPT/8LJBpnK1K2axwwbTglL04shm3NxiDIxMTKBagxGsghHO4pABqQEW7mwsjKJIzqyH",
  "Oo2hZ3AFX+yH462g4GMSQq4/YQBa/xVnlKal5aSm2EFD53dcRmFFXHKCAxMvDx8vt8Qb2QYGBuHPzAoAVe+0CpQHAAA=",
].join("");

test("half precision, big-endian numbers, booleans and shuffled bytes arrive as float32", async () => {
  const read = await withHdf5(gunzipSync(Buffer.from(byH5py, "base64")), "h5py.h5", (file) =>
    file.members("/").map((name) => [name, file.float32(`/${name}`)] as const),
  );
  expect(Object.fromEntries(read.map(([name, { dims, data }]) => [name, [dims, [...data]]]))).toEqual({
    half: [
      [2, 2],
      [1, -2, 0.5, 2 ** -24],
    ],
    big_half: [[2], [1, -2]],
    big_float: [[2], [1.5, -2]],
    big_int: [[2], [1, -2]],
    flag: [[2], [1, 0]],
    shuffled: [[6], [0, 1, 2, 3, 4, 5]],
  });
});
