import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { readGolden } from "../../test/support/golden.js";
import { DownloadError, FileError, ShapeError } from "../errors/errors.js";
import { Tensor } from "../runtime/runtime.js";
import { decodePredictions, namePredictions, parseClassIndex } from "./decode-predictions.js";
import { preprocessInput } from "./preprocess.js";

interface Golden {
  modes: Record<"tf" | "caffe" | "torch", number[]>;
  top: [string, string, number][][];
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
  it.each(["tf", "caffe", "torch"] as const)("in mode %s", (mode) => {
    const x = new Tensor("float32", wave(72, 80, 127.5, 128).map(Math.floor), [2, 3, 4, 3]);
    const { data } = preprocessInput(mode)(x);
    golden.modes[mode].forEach((value, index) => {
      expect(Math.abs(Number(data[index]) - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)));
    });
  });
});
