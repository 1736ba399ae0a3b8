import { describe, expect, test } from "vitest";
import { FileError } from "../../errors/errors.js";
import { float32 } from "../../onnx/tensor-data.js";
import { decodeState, encodeState } from "./state-file.js";

/** A file with a header of one's own in front of 16 bytes of data. */
function fileWith(entries: object, size = 16): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify({ __metadata__: { graft: "{}" }, ...entries }));
  const file = new Uint8Array(8 + text.length + size);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  return file;
}

const at = (begin: number, end: number, shape = [(end - begin) / 4]): object => ({
  ...{ dtype: "F32", shape, data_offsets: [begin, end] },
});

test("what was written is read again, tensors without elements too", () => {
  const tensors = { none: float32([], [0, 3]), a: float32([1, 2], [2]), empty: float32([], [0]), b: float32([3], []) };
  const state = { facts: { epoch: 1, names: ["ü"] }, tensors };
  expect(decodeState(encodeState(state), "x")).toEqual(state);
});

test("tensors may be named in any order", () => {
  const { tensors } = decodeState(fileWith({ b: at(8, 16), a: at(0, 8) }), "x");
  expect(Object.keys(tensors)).toEqual(["b", "a"]);
});

describe("places that safetensors refuses are refused:", () => {
  test.each([
    ["two tensors in one place", { a: at(0, 8), b: at(0, 8), c: at(8, 16) }],
    ["tensors that overlap", { a: at(0, 12), b: at(8, 16) }],
    ["a hole", { a: at(0, 4), b: at(8, 16) }],
    ["data that no tensor has", { a: at(0, 8) }],
    ["an end before its beginning", { a: at(0, 16), b: { ...at(0, 0), data_offsets: [16, 8] } }],
    ["another size than the shape says", { a: at(0, 16, [3]) }],
    ["an end behind that of the file", { a: at(0, 20) }],
  ])("%s", (_, entries) => {
    expect(() => decodeState(fileWith(entries), "x.safetensors")).toThrow(FileError);
  });
});

test("a header that is no UTF-8 is refused", () => {
  const file = encodeState({ facts: { name: "grün" }, tensors: {} });
  file[file.indexOf(0xc3)] = 0xff;
  expect(() => decodeState(file, "x.safetensors")).toThrow(/UTF-8/);
});
