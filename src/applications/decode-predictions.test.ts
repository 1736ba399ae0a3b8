import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { readGolden } from "../../test/support/golden.js";
import { DownloadError, FileError, ShapeError } from "../errors/errors.js";
import * as layers from "../nn/layers/index.js";
import { Tensor } from "../runtime/runtime.js";
import { decodePredictions, namePredictions, parseClassIndex } from "./decode-predictions.js";
import * as applications from "./index.js";
import { preprocessInput } from "./preprocess.js";

interface Golden {
  modes: Record<"tf" | "caffe" | "torch", number[]>;
  top: [string, string, number][][];
  /** What `preprocess_input` of each module gives for the same four pixels in [0, 255] and for four others in [0, 1]. */
  modules: Record<string, [bytes: number[], unit: number[]]>;
}

const golden = await readGolden<Golden>("imagenet-utils.json");

/** As scripts/golden/image_generator.py computes it. */
function wave(length: number, key: number, scale: number, offset: number): Float32Array {
  return Float32Array.from({ length }, (_, index) => offset + scale * Math.sin(12.9898 * index + 78.233 * key));
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

describe("decodePredictions", () => {
  it("names the classes that Keras names, in its order", () => {
    const classes = Array.from({ length: 1000 }, (_, number) => [
      `n${String(number).padStart(4, "0")}`,
      `class_${number}`,
    ]);
    const index = parseClassIndex(JSON.stringify(Object.fromEntries(classes.entries())), "index.json");
    const rows = namePredictions(new Tensor("float32", wave(2000, 81, 0.5, 0.5), [2, 1000]), index, { top: 3 });
    expect(rows).toEqual(golden.top);
  });

  it("gives five classes unless told otherwise, and all where there are fewer", () => {
    const index = parseClassIndex('{"0":["n1","cat"],"1":["n2","dog"]}', "index.json");
    expect(namePredictions(new Tensor("float32", [0.25, 0.75], [1, 2]), index)).toEqual([
      [
        ["n2", "dog", 0.75],
        ["n1", "cat", 0.25],
      ],
    ]);
    expect(() => namePredictions(new Tensor("float32", [1], [1, 1]), index)).toThrow(ShapeError);
    expect(() => namePredictions(new Tensor("float32", [1, 0], [1, 2]), index, { top: 0 })).toThrow(/top/);
  });

  it("refuses a list that is damaged", () => {
    expect(() => parseClassIndex("<html>", "index.json")).toThrow(FileError);
    expect(() => parseClassIndex('{"0":["n1"]}', "index.json")).toThrow(/class 0/);
  });

  it("refuses other shapes before it downloads anything", async () => {
    const fetch = vi.fn();
    vi.stubGlobal("fetch", fetch);
    await expect(decodePredictions(new Tensor("float32", [1, 0], [1, 2]))).rejects.toThrow(
      /\[batch, 1000\].*\[1, 2\]/s,
    );
    expect(fetch).not.toHaveBeenCalled();
  });

  it("says without a network what to download and where to put it", async () => {
    const cache = await mkdtemp(join(tmpdir(), "graft-classes-"));
    vi.stubEnv("GRAFT_CACHE", cache);
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("fetch failed")));
    const failed = decodePredictions(new Tensor("float32", new Float32Array(1000), [1, 1000]));
    await expect(failed).rejects.toThrow(DownloadError);
    await expect(failed).rejects.toThrow(join(cache, "keras", "imagenet_class_index.json"));
    await expect(failed).rejects.toThrow(/storage\.googleapis\.com.*imagenet_class_index\.json/);
    await rm(cache, { recursive: true });
  });
});

describe("preprocessInput gives Keras's values", () => {
  /** Levels of 24 pixels, as scripts/golden/image_generator.py has them. */
  const levels = wave(72, 80, 127.5, 128).map(Math.floor);

  function expectClose(data: Tensor["data"], expected: readonly number[]): void {
    expected.forEach((value, index) => {
      expect(Math.abs(Number(data[index]) - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)));
    });
  }

  it.each(["tf", "caffe", "torch"] as const)("in mode %s", (mode) => {
    expectClose(preprocessInput(mode)(new Tensor("float32", levels, [2, 3, 4, 3])).data, golden.modes[mode]);
    const named = applications.imagenetUtils.preprocessInput(new Tensor("float32", levels, [2, 3, 4, 3]), { mode });
    expectClose(named.data, golden.modes[mode]);
  });

  /** The first two pixels of the first two rows of a photo of 3×4. */
  const corner = (photo: Float32Array) => [...photo.subarray(0, 6), ...photo.subarray(12, 18)];

  it.each(Object.entries(golden.modules))("in module %s", (name, [bytes, unit]) => {
    const modules: Readonly<Record<string, unknown>> = applications;
    const module = modules[name] as typeof applications.vgg16;
    const pixels = new Tensor("float32", corner(levels.subarray(0, 36)), [2, 2, 3]);
    expectClose(module.preprocessInput(pixels).data, bytes);
    const shares = corner(levels.subarray(36)).map((level) => level / 255);
    expectClose(module.preprocessInput(new Tensor("float32", shares, [2, 2, 3])).data, unit);
    expect(module.decodePredictions).toBe(decodePredictions);
  });

  it("for whole numbers of all types", () => {
    const { preprocessInput: centred } = applications.resnet50;
    const expected = [...centred(new Tensor("float32", [255, 0, 10], [1, 1, 3])).data];
    const arrays: Tensor[] = [new Tensor("uint8", Uint8Array.of(255, 0, 10), [1, 1, 3])];
    arrays.push(new Tensor("int32", Int32Array.of(255, 0, 10), [1, 1, 3]));
    arrays.push(new Tensor("int64", BigInt64Array.of(255n, 0n, 10n), [1, 1, 3]));
    for (const pixels of arrays) expect([...centred(pixels).data], pixels.type).toEqual(expected);
  });

  it.each(["efficientnet", "efficientnetV2", "mobilenetV3", "convnext"] as const)(
    "of any channels in module %s, whose networks do themselves what pixels need",
    (module) => {
      const grey = new Tensor("float32", [1, 2, 3, 4], [2, 2, 1]);
      expect([...applications[module].preprocessInput(grey).data]).toEqual([1, 2, 3, 4]);
      const placeholder = layers.Input({ shape: [8, 8, 4] });
      expect(applications[module].preprocessInput(placeholder)).toBe(placeholder);
    },
  );

  it.each([applications.vgg16, applications.imagenetUtils])("with the channels last, and no other way", (module) => {
    const call: (x: unknown, options?: unknown) => Tensor = module.preprocessInput as never;
    const pixels = new Tensor("float32", [255, 0, 10], [1, 1, 3]);
    expect([...call(pixels, { dataFormat: "channels_last" }).data]).toEqual([...call(pixels).data]);
    expect(() => call(pixels, { dataFormat: "channels_first" })).toThrow(/channels_last.*channels_first/);
    expect(() => call(layers.Input({ shape: [3, 8, 3] }), { dataFormat: "channels_first" })).toThrow(/channels_last/);
    expect(() => call(pixels, { data_format: "channels_last" })).toThrow(/dataFormat/);
  });

  it("but for modes that there are not", () => {
    const call: (x: Tensor, options: object) => unknown = applications.imagenetUtils.preprocessInput;
    expect(() => call(new Tensor("float32", [1, 2, 3], [1, 1, 3]), { mode: "tensorflow" })).toThrow(/caffe.*tf.*torch/);
  });
});
