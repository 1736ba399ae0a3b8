import { describe, expect, test } from "vitest";
import { UsageError } from "../../errors/errors.js";
import { chooseFile, filesWith, pathBeside } from "./choose-file.js";
import { parseHubName } from "./reference.js";

const choose = (files: readonly string[], name = "hf:owner/net"): string => chooseFile(parseHubName(name), files);

/** What transformers.js's converter leaves. */
const variants = ["bnb4", "fp16", "int8", "q4", "q4f16", "quantized", "uint8"].map((word) => `onnx/model_${word}.onnx`);

describe("the file that is taken", () => {
  test.each([
    ["model.onnx", ["README.md", "model.onnx", "onnx/model.onnx", "other.onnx"]],
    ["onnx/model.onnx", ["config.json", "model.safetensors", "onnx/model.onnx", ...variants]],
    ["resnet.onnx", ["resnet.onnx", "resnet.fp16.onnx", "int8/resnet.onnx", "resnet-INT8.onnx", "resnet_quant.onnx"]],
    ["onnx/vision_model.onnx", ["onnx/model.onnx", "onnx/text_model.onnx", "onnx/vision_model.onnx", ...variants]],
    ["b.onnx", ["a.keras", "b.onnx", "model.json"]],
    ["a.keras", ["a.keras", "model.json", "a.weights.h5", "tf_model.h5"]],
    ["a.h5", ["a.h5", "pytorch_model.bin"]],
    ["web/model.json", ["web/model.json", "web/group1-shard1of1.bin", "config.json"]],
    // No words, though they hold the letters of one.
    ["halfmoon_q4ever.onnx", ["halfmoon_q4ever.onnx"]],
    ["vit_int80.onnx", ["vit_int80.onnx"]],
  ])("%s", (expected, files) => {
    expect(choose(files)).toBe(expected);
    expect(choose([...files].reverse())).toBe(expected);
  });

  test("is the one that is named, with fewer bits too", () => {
    expect(choose(["onnx/model.onnx", ...variants], "hf:o/n:onnx/model_fp16.onnx")).toBe("onnx/model_fp16.onnx");
  });

  test.each([
    [["a.onnx", "b.onnx"], "hf:o/n", /several networks.*a\.onnx, b\.onnx.*hf:o\/n:a\.onnx/s],
    [["a.keras", "b.h5"], "hf:o/n", /several networks/],
    [variants, "hf:o/n", /only with fewer bits.*hf:o\/n:onnx\/model_bnb4\.onnx/s],
    [
      ["model.safetensors", "config.json"],
      "hf:o/n",
      /weights without their network: model\.safetensors.*onnx-community\/n-ONNX.*optimum-cli export onnx --model o\/n/s,
    ],
    [["pytorch_model.bin", "tf_model.h5"], "hf:o/n", /weights without their network: pytorch_model\.bin, tf_model\.h5/],
    [["README.md"], "hf:o/n", /no network that Graft reads.*README\.md/s],
    [[], "hf:o/n", /no files/],
    [["model.safetensors", "a.onnx"], "hf:o/n:model.safetensors", /no network that Graft reads.*There are a\.onnx/s],
    [["a/model.onnx"], "hf:o/n:model.onnx", /no model\.onnx in the repository o\/n.*Did you mean "a\/model\.onnx"/s],
  ])("is none of %j for %s", (files, name, words) => {
    expect(() => choose(files, name)).toThrow(UsageError);
    expect(() => choose(files, name)).toThrow(words);
  });
});

test("weights under the network's name and what describes it come along", () => {
  const files = [
    ...[
      "config.json",
      "onnx/config.json",
      "preprocessor_config.json",
      "README.md",
      "onnx/README.md",
      "tokenizer.json",
      "x/config.json",
    ],
    ...[
      "onnx/model.onnx",
      "onnx/model.onnx_data",
      "onnx/model.onnx_data_1",
      "onnx/model.onnx.data",
      "onnx/model.onnx.sha256",
    ],
    ...["onnx/model_fp16.onnx_data", "model.onnx_data"],
  ];
  expect(filesWith("onnx/model.onnx", files).sort()).toEqual(
    [
      ...["README.md", "config.json", "preprocessor_config.json", "onnx/README.md", "onnx/config.json"],
      ...["onnx/model.onnx.data", "onnx/model.onnx_data", "onnx/model.onnx_data_1"],
    ].sort(),
  );
});

test("a path that another file names stays in the repository", () => {
  expect(pathBeside("onnx/model.onnx", "model.onnx_data")).toBe("onnx/model.onnx_data");
  expect(pathBeside("onnx/model.onnx", "../w/./x.bin")).toBe("w/x.bin");
  expect(pathBeside("model.onnx", "w/x.bin")).toBe("w/x.bin");
  expect(pathBeside("model.onnx", "../x.bin")).toBeUndefined();
  expect(pathBeside("onnx/model.onnx", "../../x.bin")).toBeUndefined();
  expect(pathBeside("onnx/model.onnx", "/etc/passwd")).toBeUndefined();
});
