import { applications, UsageError } from "graft-ml";
import { describe, expect, it, vi } from "vitest";

// What is refused is refused before anything is downloaded or built.
vi.mock(import("../files/download.js"), async (importOriginal) => ({
  ...(await importOriginal()),
  downloadFile: async () => Promise.reject(new Error("a download")),
}));

type Make = (options?: unknown) => Promise<unknown>;

/** All but that which fetches networks from a hub. */
const functions = Object.entries(applications).filter(
  (entry): entry is [string, Make & (typeof entry)[1]] => entry[0] !== "fromHub" && typeof entry[1] === "function",
);
/** What the names of those begin with whose classifier takes photos of any size. */
const open = "MobileNetV3";

async function refusalOf(call: Promise<unknown>): Promise<string | undefined> {
  const failure: unknown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  return failure instanceof UsageError ? failure.subject : String(failure);
}

it("there are 40 networks", () => {
  expect(functions).toHaveLength(40);
});

describe.each(functions)("%s refuses, as Keras does,", (name, make: Make) => {
  const random = { weights: null, includeTop: false };

  it.each([
    ["another number of classes with the classifier of ImageNet", "classes", { classes: 10 }],
    ["no classes", "classes", { weights: null, classes: 0 }],
    ["another activation with weights", "classifierActivation", { classifierActivation: "sigmoid" }],
    ["sides that leave nothing", "inputShape", { ...random, inputShape: [31, 200, 3] }],
    ["shapes of no photo", "inputShape", { ...random, inputShape: [64, 64] }],
    ["grey photos with weights of ImageNet", "inputShape", { includeTop: false, inputShape: [96, 96, 1] }],
    ["another pooling", "pooling", { ...random, pooling: "mean" }],
    ["weights that are no path", "weights", { weights: 5 }],
    ["a tensor that is none", "inputTensor", { ...random, inputTensor: [1, 2] }],
  ])("%s", async (_, option, options) => {
    expect(await refusalOf(make(options))).toBe(option);
  });

  it("options that Keras does not have, with the one that is meant", async () => {
    await expect(make({ ...random, include_top: true })).rejects.toThrow(/include_top.*includeTop/s);
  });

  it("an open size with a classifier, but for those whose classifier takes any", async () => {
    const refusal = refusalOf(make({ classes: 1000, inputShape: [null, null, 3] }));
    expect(await refusal).toBe(name.startsWith(open) ? "Error: a download" : "inputShape");
  });
});

it("null is Python's None: no shape and no name of one's own", async () => {
  const options = { weights: null, includeTop: false, inputShape: null, inputTensor: null, pooling: null, name: null };
  const base = await applications.MobileNet(options);
  expect(base.name).toBe("mobilenet_1.00_None");
  expect(base.inputShape).toEqual(["N", "H", "W", 3]);
});
