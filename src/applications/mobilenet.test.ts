import { applications, UsageError } from "graft-ml";
import { describe, expect, it, vi } from "vitest";

const { MobileNet, MobileNetV2, MobileNetV3Large, MobileNetV3Small } = applications;

const { asked } = vi.hoisted(() => ({ asked: [] as string[] }));

vi.mock(import("../files/download.js"), async (importOriginal) => ({
  ...(await importOriginal()),
  downloadFile: async ({ url }: { readonly url: string }) => {
    asked.push(url);
    return Promise.reject(new Error("no network"));
  },
}));

/** The file that a call wants to download. */
async function wanted(call: Promise<unknown>): Promise<string | undefined> {
  await expect(call).rejects.toThrow("no network");
  return asked.at(-1)?.replace("https://storage.googleapis.com/tensorflow/keras-applications/", "");
}

describe("published weights", () => {
  it("are those of the photo's size where there are any, else those of 224", async () => {
    const square = (side: number | null) => ({ includeTop: false, inputShape: [side, side, 3] });
    const second = "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_";
    const first = "mobilenet/mobilenet_";
    expect(await wanted(MobileNet({ alpha: 0.5, ...square(160) }))).toBe(`${first}5_0_160_tf_no_top.h5`);
    expect(await wanted(MobileNet({ alpha: 0.75, ...square(96) }))).toBe(`${first}7_5_224_tf_no_top.h5`);
    const oblong = { includeTop: false, inputShape: [128, 160, 3] };
    expect(await wanted(MobileNet(oblong))).toBe(`${first}1_0_224_tf_no_top.h5`);
    expect(await wanted(MobileNet({ alpha: 0.25, inputShape: [128, 128, 3] }))).toBe(`${first}2_5_128_tf.h5`);
    for (const side of [96, 128, 160, 192, 224]) {
      expect(await wanted(MobileNetV2({ alpha: 1.3, ...square(side) }))).toBe(`${second}1.3_${side}_no_top.h5`);
    }
    expect(await wanted(MobileNetV2(square(null)))).toBe(`${second}1.0_224_no_top.h5`);
    const third = "mobilenet_v3/weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5";
    expect(await wanted(MobileNetV3Small(square(96)))).toBe(third);
  });

  it("are not there for every width", async () => {
    await expect(MobileNet({ alpha: 0.3 })).rejects.toThrow(/alpha.*0\.25, 0\.5, 0\.75 or 1/s);
    await expect(MobileNet({ depthMultiplier: 2 })).rejects.toThrow(/depthMultiplier.*1 with published weights/s);
    await expect(MobileNetV2({ alpha: 0.25 })).rejects.toThrow(/alpha.*1\.3, 1\.4/s);
    await expect(MobileNetV3Large({ alpha: 0.5 })).rejects.toThrow(/alpha.*0\.75 or 1/s);
    await expect(MobileNetV3Small({ alpha: 0.75, minimalistic: true })).rejects.toThrow(/alpha.*with minimalistic/s);
  });
});

describe("names of models", () => {
  it("say width and size, as Keras's do", async () => {
    const options = { weights: null, includeTop: false } as const;
    expect((await MobileNet({ ...options, alpha: 0.5 })).name).toBe("mobilenet_0.50_None");
    expect((await MobileNet({ ...options, inputShape: [96, 64, 3] })).name).toBe("mobilenet_1.00_96");
    expect((await MobileNetV2({ weights: null, classes: 3 })).name).toBe("mobilenetv2_1.00_224");
    expect((await MobileNetV2({ ...options, name: "mine" })).name).toBe("mine");
    expect((await MobileNetV3Large(options)).name).toBe("MobileNetV3Large");
  });
});

describe("options of one family", () => {
  const wrong: readonly (readonly [string, (options: object) => Promise<unknown>, readonly unknown[]])[] = [
    ["alpha", MobileNet, ["1", 0, -1, NaN, null, [1]]],
    ["depthMultiplier", MobileNet, ["1", 0, 1.5, null]],
    ["dropout", MobileNet, ["0", -0.1, 1.1, NaN, null]],
    ["alpha", MobileNetV2, ["1", 0, Infinity, null]],
    ["alpha", MobileNetV3Small, ["1", 0, null, {}]],
    ["minimalistic", MobileNetV3Small, ["false", 0, null]],
    ["dropoutRate", MobileNetV3Large, ["0", 2, null]],
    ["includePreprocessing", MobileNetV3Large, ["no", 1, null]],
    ["includePreprocessing", applications.EfficientNetV2B0, ["no", 1, null]],
    ["includePreprocessing", applications.ConvNeXtTiny, ["no", 1, null]],
  ];

  it.each(wrong)("%s is refused where it is not usable", async (name, make, values) => {
    for (const value of values) {
      const failure: unknown = await make({ weights: null, [name]: value }).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(UsageError);
      expect((failure as UsageError).subject).toBe(name);
    }
  });

  it("are unknown to the others", async () => {
    const other: (options: object) => Promise<unknown> = applications.EfficientNetB0;
    await expect(other({ weights: null, alpha: 1 })).rejects.toThrow(/EfficientNetB0 has no option "alpha"/);
  });
});

describe("photos of any size", () => {
  it("are taken by MobileNetV3 with its classifier, too", async () => {
    const model = await MobileNetV3Small({ weights: null, classes: 3 });
    expect(model.inputShape.slice(1, 3).every((side) => typeof side === "string")).toBe(true);
    expect(model.outputShape.slice(1)).toEqual([3]);
  });
});
