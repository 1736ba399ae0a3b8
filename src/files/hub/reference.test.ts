import { describe, expect, test } from "vitest";
import { UsageError } from "../../errors/errors.js";
import { hubName, hubReference, isPathInside, parseHubName } from "./reference.js";

const main = { revision: "main", file: undefined };

describe("a name of a network on the hub", () => {
  test.each([
    ["hf:owner/name", { repository: "owner/name", ...main }],
    ["HF:Owner-1/Na.me_2", { repository: "Owner-1/Na.me_2", ...main }],
    ["hf:o/n@v1.0", { repository: "o/n", revision: "v1.0", file: undefined }],
    ["hf:o/n@refs/pr/3", { repository: "o/n", revision: "refs/pr/3", file: undefined }],
    ["hf:o/n:onnx/model.onnx", { repository: "o/n", revision: "main", file: "onnx/model.onnx" }],
    ["hf:o/n@feature/x:a b/c@2.onnx", { repository: "o/n", revision: "feature/x", file: "a b/c@2.onnx" }],
    ["hf:timm/vit_tiny_patch16_224.augreg_in21k", { repository: "timm/vit_tiny_patch16_224.augreg_in21k", ...main }],
  ])("%s", (name, expected) => {
    const reference = parseHubName(name);
    expect(reference).toEqual(expected);
    expect(parseHubName(hubName(reference))).toEqual(expected);
  });

  test.each([
    ...[
      "hf:",
      "hf:name",
      "hf:/name",
      "hf:owner/",
      "hf:a/b/c",
      "hf:../name",
      "hf:a/..",
      "hf:a/b..c",
      "hf:a--b/c",
      "hf:a/b--c",
    ],
    ...["hf:a/-b", "hf:a/b-", "hf:a/.b", "hf:a/b.git", "hf:a b/c", "hf:a/b%2e", `hf:a/${"b".repeat(97)}`, "hf:a\\b/c"],
    ...[
      "hf:a/b@",
      "hf:a/b@..",
      "hf:a/b@x..y",
      "hf:a/b@/x",
      "hf:a/b@x/",
      "hf:a/b@x//y",
      "hf:a/b@.x",
      "hf:a/b@x.lock",
      "hf:a/b@x y",
    ],
    ...[
      "hf:a/b@refs/../x",
      "hf:a/b@x~1",
      "hf:a/b@x^",
      "hf:a/b@@{1}",
      "hf:a/b@a\\b",
      "hf:a/b:",
      "hf:a/b:/etc/passwd",
      "hf:a/b:../x.onnx",
    ],
    ...[
      "hf:a/b:x/../y.onnx",
      "hf:a/b:x//y.onnx",
      "hf:a/b:./y.onnx",
      "hf:a/b:c:\\x.onnx",
      "hf:a/b:x\\y.onnx",
      "hf:a/b:x\ny.onnx",
    ],
  ])("%j is none", (name) => {
    expect(() => parseHubName(name)).toThrow(UsageError);
    expect(() => parseHubName(name)).toThrow(/no name of a network on the hub.*Expected: .*Received: /s);
  });

  test("may be given in parts", () => {
    expect(hubReference({ repository: "o/n", revision: undefined, file: "x.onnx" })).toEqual(
      parseHubName("hf:o/n:x.onnx"),
    );
    expect(() => hubReference({ repository: "hf:o/n" })).toThrow(UsageError);
  });
});

test("paths that lead out of a folder on some system are none", () => {
  expect(["a", "a/b.c", ".gitattributes", "a/...b"].every(isPathInside)).toBe(true);
  expect(["", "/a", "a/", "..", "a/../b", "C:/a", "a/c:b", "\\\\host\\a", "a\0b"].some(isPathInside)).toBe(false);
});
