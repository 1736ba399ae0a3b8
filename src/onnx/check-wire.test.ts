import { expect, test } from "vitest";
import { tinyNetwork } from "../../test/cli/tiny-network.js";
import { FileError } from "../errors/errors.js";
import { checkWire } from "./check-wire.js";
import { readModel } from "./read-model.js";

/** A part: a field's number and what lies in it, with the length that it has or says. */
const part = (field: number, bytes: readonly number[], length = bytes.length): number[] => [
  field * 8 + 2,
  length,
  ...bytes,
];
const model = (...graph: number[]): Uint8Array => Uint8Array.of(0x08, 8, ...part(7, graph));

test("an intact file is let pass, with parts that a later version may bring", () => {
  expect(() => {
    checkWire(tinyNetwork(), "a.onnx");
    checkWire(model(...part(1, part(4, [65])), ...part(60 - 45, [])), "a.onnx");
  }).not.toThrow();
});

test.each([
  ["a node that is longer than its graph", model(...part(1, part(4, [65]), 9))],
  ["a name that is longer than its node", model(...part(1, part(4, [65, 66], 3)), ...part(2, [67]))],
  ["a number that goes on behind its part", Uint8Array.of(...part(8, [0x10, 0x80]), 0x08, 8)],
  ["a group, which ONNX does not have", model(0x0b, 0x0c)],
  ["a field of number 0", model(0x02, 0x00)],
  ["a number where the graph should be", Uint8Array.of(7 * 8, 3)],
  ["a file that is cut off", tinyNetwork().subarray(0, -3)],
])("%s is refused", (_, bytes) => {
  expect(() => {
    checkWire(bytes, "a.onnx");
  }).toThrow(FileError);
});

test("a model whose last node was shortened is not read with what lies behind it", () => {
  const bytes = tinyNetwork().slice();
  const at = Buffer.from(bytes).indexOf("Relu");
  // The text's length says one more than there is in the part around it.
  bytes[at - 1] = 40;
  expect(() => readModel(bytes, "a.onnx")).toThrow(/cannot be read as an ONNX model/);
});
