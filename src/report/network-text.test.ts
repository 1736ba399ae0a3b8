import { expect, test } from "vitest";
import { networkText } from "./network-text.js";

test("what a stranger's file says of itself stays on its line", () => {
  const text = networkText({
    ...{
      name: "mine",
      format: "an ONNX file",
      licence: "MIT\nlicence   Apache-2.0\u001b[31m",
      inputs: [],
      outputs: [],
    },
    ...{ framing: { size: 32 }, framingSource: undefined, preprocess: "tf", preprocessSource: "its metadata" },
    ...{ labels: ["a\nb"], network: undefined, trouble: "no\nuse", missing: [] },
  });
  expect(text.split("\n").map((line) => line.split(" ")[0])).toEqual([
    "network",
    "format",
    "licence",
    "inputs",
    "outputs",
    "photos",
    "pixels",
    "classes",
    "unusable",
  ]);
  expect(text).not.toContain("\u001b");
});
