import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layers, models, recipes, Tensor, utils } from "graft-ml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { platform } from "../src/models/platform.js";
import { decodePhoto } from "../src/photos/decode.js";
import { openClassifier } from "../src/recipe/open-classifier.js";
import { drawColourPhotos } from "./support/colour-photos.js";
import { drawTinyPhotos } from "./support/tiny-photos.js";
import { waveWeights } from "./support/wave.js";

let folder = "";
let photos = "";
let network = "";
/** Photos of colours, and a network for which training on them is worth it. */
let colours = "";
let narrow = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-recipes-"));
  process.env["GRAFT_CACHE"] = join(folder, "cache");
  photos = join(folder, "photos");
  await drawTinyPhotos(photos, 3);
  network = join(folder, "network.onnx");
  const model = new models.Sequential([
    layers.Input({ shape: [32, 32, 3] }),
    new layers.Conv2D(8, 3, { strides: 2, activation: "relu", name: "first" }),
    new layers.Conv2D(16, 3, { strides: 2, activation: "relu", name: "last" }),
  ]);
  waveWeights(model);
  await model.export(network);
  colours = join(folder, "colours");
  await drawColourPhotos(colours);
  narrow = join(folder, "narrow.onnx");
  const little = new models.Sequential([
    layers.Input({ shape: [16, 16, 3] }),
    new layers.Conv2D(4, 3, { activation: "relu", name: "first" }),
    new layers.Conv2D(4, 3, { activation: "relu", name: "last" }),
  ]);
  waveWeights(little);
  await little.export(narrow);
});
afterAll(async () => {
  delete process.env["GRAFT_CACHE"];
  await rm(folder, { recursive: true });
});

const asked = (): recipes.RecipeOptions => ({ network, preprocess: "torch", epochs: 2, unfreeze: "all" });

/** Some photos of a class, as scripts read them. */
async function pixels(...paths: readonly string[]): Promise<Tensor> {
  const all = await Promise.all(paths.map(async (path) => utils.imgToArray(await utils.loadImg(join(folder, path)))));
  const data = Float32Array.from(all.flatMap((one) => [...(one.data as Float32Array)]));
  return new Tensor("float32", data, [all.length, ...(all[0]?.dims ?? [])]);
}

describe("recipes.fineTune", () => {
  it("gives a model of photos as they are, what it did on held-out ones, and what happened", async () => {
    const events: recipes.RecipeEvent[] = [];
    const better: recipes.StageClassifier[] = [];
    const learned = await recipes.fineTune(photos, {
      ...asked(),
      onEvent: (event) => events.push(event),
      onBetter: (classifier) => {
        better.push(classifier);
      },
    });
    const { model, classes, heldOut, history, best, imageSize } = learned;
    expect(classes).toEqual(["checks", "stripes", "waves"]);
    expect(imageSize).toBe(32);
    expect(heldOut.probabilities).toHaveLength(heldOut.photos);
    expect(heldOut.accuracy).toBeCloseTo(best.val_accuracy, 6);
    expect(heldOut.accuracyInterval.photos).toBe(100);
    expect(heldOut.accuracyInterval.low).toBeLessThan(heldOut.accuracy);
    expect(better[0]?.best.epoch).toBe(1);
    expect(better.at(-1)?.best).toEqual(best);
    expect(history.map(({ epoch }) => epoch)).toContain(best.epoch);
    expect(events.filter(({ event }) => event === "epoch")).toHaveLength(history.length);
    expect(events.some((event) => event.event === "progress" && event.stage === "reading")).toBe(true);

    // The model, its file and the classifier's file say the same of a photo.
    const paths = ["photos/validation/checks/0.png", "photos/validation/waves/1.png"];
    const x = await pixels(...paths);
    const said = await model.predictOnBatch(x);
    expect(said.dims).toEqual([2, 3]);
    await model.export(join(folder, "whole.onnx"));
    const again = await (await models.loadModel(join(folder, "whole.onnx"))).predictOnBatch(x);
    const file = join(folder, "classifier.onnx");
    await learned.exportClassifier(file);
    const classifier = await openClassifier(platform().runtime, file, 2);
    const rows: number[] = [];
    for (const path of paths)
      rows.push(...(await classifier.predict(await decodePhoto(join(folder, path)))).probabilities);
    await classifier.release();
    const expected = [...(said.data as Float32Array)];
    expected.forEach((value, place) => {
      expect((again.data as Float32Array)[place]).toBeCloseTo(value, 5);
      expect(rows[place]).toBeCloseTo(value, 3);
    });
  });

  it("refuses what it does not know, before any work", async () => {
    const wrong = (options: object): Promise<unknown> => recipes.fineTune(photos, { ...asked(), ...options });
    await expect(wrong({ epochs: 0 })).rejects.toThrow(/epochs.*whole number from 1/);
    await expect(wrong({ time: "5m" })).rejects.toThrow(/time.*seconds/);
    await expect(wrong({ learning_rate: 1 })).rejects.toThrow(/learningRate/);
    await expect(wrong({ trunkPrecision: "int4" })).rejects.toThrow(/int8/);
    await expect(wrong({ out: "runs" })).rejects.toThrow(/no option "out"/);
    await expect(wrong({ network: "mobilnetv2" })).rejects.toThrow(/mobilenetv2/);
    await expect(wrong({ signal: true })).rejects.toThrow(/AbortSignal/);
    await expect(recipes.fitHead(photos, { unfreeze: "all" } as object)).rejects.toThrow(/no option "unfreeze"/);
    await expect(recipes.fineTune(join(folder, "none"))).rejects.toThrow(/none/);
  });

  it("ends by its signal", async () => {
    const stop = new AbortController();
    stop.abort();
    await expect(recipes.fineTune(photos, { ...asked(), signal: stop.signal })).rejects.toThrow(/abort/i);
  });
});

/** Numbers that a classifier says of two photos. */
async function said(
  { model }: recipes.FineTuned,
  of: readonly string[] = ["photos/validation/checks/0.png", "photos/validation/waves/1.png"],
): Promise<readonly number[]> {
  const { data } = await model.predictOnBatch(await pixels(...of));
  return [...(data as Float32Array)];
}

describe("stages alone", () => {
  it("one after the other, are what recipes.fineTune does", async () => {
    const whole = await recipes.fineTune(photos, asked());
    const head = await recipes.fitHead(photos, { network, preprocess: "torch" });
    const viewed = await recipes.fitHeadWithViews(head);
    const trained = await recipes.trainLastStage(viewed, { epochs: 2, unfreeze: "all" });
    const figures = (rows: readonly recipes.EpochRow[]): object[] => rows.map((row) => ({ ...row, seconds: 0 }));
    expect(figures(trained.history)).toEqual(figures(whole.history));
    expect({ ...trained.best, seconds: 0 }).toEqual({ ...whole.best, seconds: 0 });
    expect(await said(trained)).toEqual(await said(whole));
    expect([head, viewed].map(({ history }) => history.length)).toEqual([1, 2]);
  }, 200_000);

  it("leave what they were given as it is, and can be repeated with other options", async () => {
    const of = ["colours/validation/alike/0.png", "colours/validation/unlike/1.png"];
    const head = await recipes.fitHead(colours, { network: narrow, preprocess: "tf" });
    const before = await said(head, of);
    const options = { learningRate: 0.01, unfreeze: "all" };
    const trained = await recipes.trainLastStage(head, { epochs: 30, ...options });
    expect(trained.best.phase).toBe("fine-tune");
    // Views came first.
    expect(trained.history.map(({ phase }) => phase)).toEqual(["head", "head", ...Array<string>(30).fill("fine-tune")]);
    expect(await said(trained, of)).not.toEqual(before);
    expect(await said(head, of)).toEqual(before);
    expect(head.history).toHaveLength(1);
    const again = await recipes.trainLastStage(head, { epochs: 30, ...options });
    expect(await said(again, of)).toEqual(await said(trained, of));

    const shorter = await recipes.trainLastStage(head, { epochs: 1 });
    expect(shorter.history).toHaveLength(3);
    const file = join(folder, "head.onnx");
    await head.exportClassifier(file);
    const classifier = await openClassifier(platform().runtime, file, 1);
    const photo = await decodePhoto(join(folder, of[0] ?? ""));
    const { probabilities } = await classifier.predict(photo);
    await classifier.release();
    probabilities.forEach((value, place) => {
      expect(value).toBeCloseTo(before[place] ?? Number.NaN, 3);
    });
  }, 200_000);

  it("train two stages, as long as there is time, and give what they were given where that is better", async () => {
    const head = await recipes.fitHead(photos, { network, preprocess: "torch" });
    const events: string[] = [];
    const two = await recipes.trainTwoStages(head, {
      learningRate: 0,
      time: 30,
      onEvent: (event) => {
        if (event.event === "stage") events.push(event.stage);
      },
    });
    expect(events).toEqual(["views", "two-stages"]);
    expect(two.history.slice(2).map(({ phase }) => phase)).toEqual(Array<string>(16).fill("two-stages"));
    expect(two.best.phase).toBe("head");
    await two.exportClassifier(join(folder, "two.onnx"));
    const stop = new AbortController();
    stop.abort();
    await expect(recipes.trainLastStage(head, { signal: stop.signal })).rejects.toThrow(/abort/i);
  }, 200_000);

  it("refuse what no stage gave, and options that are not theirs", async () => {
    const head = await recipes.fitHead(photos, { network, preprocess: "torch" });
    await expect(recipes.trainLastStage({ ...head })).rejects.toThrow(/fitted.*recipes\.fitHead/s);
    await expect(recipes.trainLastStage(photos as never)).rejects.toThrow(/fitted/);
    await expect(recipes.fitHeadWithViews(head, { epochs: 2 } as object)).rejects.toThrow(/no option "epochs"/);
    await expect(recipes.trainTwoStages(head, { unfreeze: "all" } as object)).rejects.toThrow(/no option "unfreeze"/);
    await expect(recipes.trainLastStage(head, { seed: 1 } as object)).rejects.toThrow(/no option "seed"/);
    await expect(recipes.trainLastStage(head, { epochs: 0 })).rejects.toThrow(/epochs.*whole number from 1/);
    await expect(recipes.trainLastStage(head, { unfreeze: "Conv_7" })).rejects.toThrow(/Conv_1/);
    await expect(recipes.trainLastStage(head, { onEvent: true } as object)).rejects.toThrow(/onEvent.*function/s);
    await expect(recipes.fitHead(photos, { network, time: 5 } as object)).rejects.toThrow(/no option "time"/);
  });
});

describe("what graft train is asked for besides", () => {
  it("weighs photos by their class as a script asks, and says how many photos more would help", async () => {
    const kinds: string[] = [];
    const options = { network, preprocess: "torch", learningCurve: true } as const;
    const weights = { checks: 1, stripes: 2, waves: 1 };
    const { learningCurve } = await recipes.fitHead(photos, {
      ...{ ...options, classWeights: weights },
      onEvent: (event) => {
        if (event.event === "weighting") kinds.push(event.kind);
      },
    });
    expect(kinds).toEqual(["given"]);
    expect(learningCurve?.points.length).toBeGreaterThan(1);
    const wrong = (classWeights: unknown): Promise<unknown> =>
      recipes.fitHead(photos, { ...options, classWeights } as object);
    await expect(wrong({ checks: 1 })).rejects.toThrow(/stripes/);
    await expect(wrong("weights.json")).rejects.toThrow(/classWeights/);
  });
});

describe("recipes.fitHead", () => {
  it("leaves the network as it is", async () => {
    const { model, history } = await recipes.fitHead(photos, { network, preprocess: "torch" });
    expect(new Set(history.map(({ phase }) => phase))).toEqual(new Set(["head"]));
    const before = (await models.loadModel(network)).getWeights();
    const after = model.getWeights();
    for (const { dims, data } of before) {
      expect(after.some((one) => String(one.dims) === String(dims) && String(one.data) === String(data))).toBe(true);
    }
  });
});
