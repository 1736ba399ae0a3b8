import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { strToU8, zipSync } from "fflate";
import { FileError } from "graft-ml";
import { describe, expect, it } from "vitest";
import { npy } from "../../../test/support/npy.js";
import { readNpy } from "./npy.js";
import { readNpz } from "./npz.js";

const floats = new Uint8Array(Float32Array.of(0.5, -1, 2, 3, 4, 1e10).buffer);
const whole = new Uint8Array(BigInt64Array.of(-1n, 2n ** 60n).buffer);

/**
 * `np.save(f, np.array([[1, 2, 3], [4, 5, 6]], "uint8"))` of NumPy 2, as it wrote it: the header fills 128 bytes with spaces.
 */
const saved = Buffer.concat([
  Buffer.from("\x93NUMPY\x01\x00v\x00", "latin1"),
  Buffer.from(`${"{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }".padEnd(117)}\n`, "latin1"),
  Buffer.of(1, 2, 3, 4, 5, 6),
]);

describe("readNpy", () => {
  it("reads uint8, int64 and float32 of any shape", () => {
    expect(saved).toHaveLength(134);
    expect(readNpy(saved, "x.npy")).toMatchObject({ type: "uint8", dims: [2, 3] });
    expect(Array.from(readNpy(saved, "x.npy").data as Uint8Array)).toEqual([1, 2, 3, 4, 5, 6]);
    const real = readNpy(npy("<f4", "(3, 2)", floats), "x.npy");
    expect(real).toMatchObject({ type: "float32", dims: [3, 2], data: Float32Array.of(0.5, -1, 2, 3, 4, 1e10) });
    const long = readNpy(npy("<i8", "(2,)", whole, { version: 2 }), "x.npy");
    expect(long).toMatchObject({ type: "int64", dims: [2], data: BigInt64Array.of(-1n, 2n ** 60n) });
    expect(readNpy(npy("|u1", "()", Uint8Array.of(7)), "x.npy")).toMatchObject({ dims: [], data: Uint8Array.of(7) });
    expect(readNpy(npy("|u1", "(0, 3)", new Uint8Array()), "x.npy").dims).toEqual([0, 3]);
  });

  it.each([
    ["a page", strToU8("<!doctype html><title>Sign in</title>"), /do not begin as such an array/],
    ["an empty file", new Uint8Array(), /0 bytes/],
    ["another version", npy("|u1", "(6,)", floats, { version: 9 }), /version 9/],
    ["half a header", saved.subarray(0, 60), /ends in its header/],
    ["a shape that is no tuple in Python", npy("|u1", "(24)", floats), /the header "\{'descr'/],
    ["an extent that is no number in Python", npy("|u1", "(024,)", floats), /the header "\{'descr'/],
    [
      "something behind its header",
      Buffer.from(saved.toString("latin1").replace("}  ", "} x"), "latin1"),
      /the header/,
    ],
    ["another minor version", Buffer.from(saved).fill(1, 7, 8), /version 1\.1/],
    ["another header", npy("|u1", "(x)", floats), /the header "\{'descr'/],
    ["doubles", npy("<f8", "(3,)", floats), /numbers of the kind "<f8"/],
    ["big-endian numbers", npy(">i8", "(3,)", floats), /numbers of the kind ">i8"/],
    ["objects", npy("|O", "(3,)", floats), /numbers of the kind "\|O"/],
    ["a name of all objects", npy("toString", "(3,)", floats), /numbers of the kind "toString"/],
    ["Fortran's order", npy("<f4", "(3, 2)", floats, { fortran: true }), /Fortran's order/],
    ["too few numbers", npy("<f4", "(3, 3)", floats), /24 bytes for the shape \[3, 3\], which has 36/],
    ["too many numbers", npy("<f4", "(2,)", floats), /24 bytes for the shape \[2\], which has 8/],
  ])("refuses %s", (_, bytes, reason) => {
    expect(() => readNpy(bytes, "x.npy")).toThrow(FileError);
    expect(() => readNpy(bytes, "x.npy")).toThrow(reason);
  });
});

describe("readNpz", () => {
  it("reads arrays by name, and says which ones there are", async () => {
    const folder = await mkdtemp(join(tmpdir(), "graft-npz-"));
    try {
      const path = join(folder, "x.npz");
      await writeFile(path, zipSync({ "b.npy": npy("<f4", "(6,)", floats), "a.npy": saved }));
      expect((await readNpz(path, ["a", "b"])).map(({ dims }) => dims)).toEqual([[2, 3], [6]]);
      await expect(readNpz(path, ["c"])).rejects.toThrow(/lacks an array.*c\.npy.*b\.npy, a\.npy/s);
      await writeFile(path, strToU8("no archive"));
      await expect(readNpz(path, ["a"])).rejects.toThrow(/truncated or damaged ZIP/);
      await expect(readNpz(join(folder, "none.npz"), ["a"])).rejects.toThrow(FileError);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
