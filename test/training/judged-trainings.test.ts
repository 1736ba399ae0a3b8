import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layers, models } from "graft-ml";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import type { Backbone } from "../../src/applications/backbone.js";
import { createNodeMachine } from "../../src/hosts/node/platform.js";
import type { BaseModel } from "../../src/models/base-model.js";
import { platform } from "../../src/models/platform.js";
import { float32 } from "../../src/onnx/tensor-data.js";
import { preparePhotos } from "../../src/photos/prepare-photos.js";
import type { FineTuneEvent, FineTuneJob, FineTuneResult } from "../../src/recipe/fine-tune-types.js";
import { fineTune } from "../../src/recipe/fine-tune.js";
import { drawColourPhotos } from "../support/colour-photos.js";
import { wave } from "../support/wave.js";

let folder = "";
/** 80 photos to validate with say clearly that training is worth it. */
let clear: Pick<FineTuneJob, "division" | "training" | "validation">;
/** 32 do not: it is 0.9 standard errors better than the head. */
let unclear: typeof clear;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-judged-"));
  process.env["GRAFT_CACHE"] = join(folder, "cache");
  await drawColourPhotos(join(folder, "colours"));
  const { training, validation } = await preparePhotos(join(folder, "colours"), 0, () => undefined);
  const photos = [...training, ...validation];
  clear = { division: "folders", training, validation };
  unclear = {
    division: "drawn",
    training: photos.filter((_, photo) => photo % 5 !== 0),
    validation: photos.filter((_, photo) => photo % 5 === 0),
  };
});
afterAll(async () => {
  delete process.env["GRAFT_CACHE"];
  await rm(folder, { recursive: true });
});
afterEach(() => {
  vi.restoreAllMocks();
});

function backbone(): Backbone {
  const model = new models.Sequential(
    [
      layers.Input({ shape: [16, 16, 3], name: "pixels" }),
      new layers.Conv2D(4, 3, { activation: "relu", name: "first" }),
      new layers.Conv2D(4, 3, { activation: "relu", name: "last" }),
    ],
    { name: "network" },
  );
  model.setWeights([wave([3, 3, 3, 4], 1), wave([4], 2), wave([3, 3, 4, 4], 3), wave([4], 4)]);
  const record = { name: "n", description: "", licence: "unknown", imageSize: 16, preprocess: "tf" } as const;
  return { record, imageSize: 16, model, stages: ["last"] };
}

function weightsOf(model: BaseModel): readonly Float32Array[] {
  return model.getWeights().map(({ data }) => Float32Array.from(data));
}

/** What came of a job, and what was told of it. */
interface Told {
  readonly result: FineTuneResult;
  readonly stages: readonly string[];
  /** How many photos each classifier has learned from that was told of. */
  readonly learned: readonly number[];
}

/**
 * Does a job. Whatever happens in it, it must end in the classifier that was told of last, and where that is a head, in the network
 * as it was.
 *
 * @param meanwhile told of each event
 */
async function done(
  changes: typeof clear & Partial<FineTuneJob>,
  meanwhile: (event: FineTuneEvent, network: BaseModel) => void = () => undefined,
): Promise<Told> {
  const network = backbone();
  const before = weightsOf(network.model);
  const stages: string[] = [];
  const learned: number[] = [];
  let last: readonly Float32Array[] = [];
  const result = await fineTune({
    ...{ runtime: platform().runtime, machine: createNodeMachine(), backbone: network },
    ...{ classes: ["alike", "unlike"], epochs: 30, learningRate: 0.003, unfreeze: "all", seed: 1 },
    ...changes,
    onBetter: ({ model, learnedFrom }) => {
      learned.push(learnedFrom.length);
      last = weightsOf(model);
      return Promise.resolve();
    },
    onEvent: (event) => {
      if (event.event === "stage") stages.push(event.stage);
      if (event.event === "not-better") stages.push(event.event);
      meanwhile(event, network.model);
    },
  });
  expect(weightsOf(result.model)).toEqual(last);
  if (result.unfrozenFrom === "none") expect(weightsOf(network.model)).toEqual(before);
  expect(result.learnedFrom).toHaveLength(learned.at(-1) ?? NaN);
  expect(result.best.val_accuracy).toBeCloseTo(
    result.heldOut.truth.filter((label, photo) => {
      const [alike = NaN, unlike = NaN] = Array.from(result.heldOut.probabilities[photo] ?? []);
      return (unlike > alike ? 1 : 0) === label;
    }).length / result.heldOut.truth.length,
    9,
  );
  return { result, stages, learned };
}

/** Lets a network lose its numbers in the first step of a certain training. */
function losing(stage: string): (event: FineTuneEvent, network: BaseModel) => void {
  return (event, network) => {
    if (event.event !== "progress" || event.stage !== stage || event.done !== 1) return;
    const last = network.getLayer("last");
    last.setWeights(last.getWeights().map(({ dims, data }) => float32(new Float32Array(data.length).fill(NaN), dims)));
  };
}

test(
  "others are asked where the photos that were held out are not clear, by the same seed the same",
  { timeout: 400_000 },
  async () => {
    const first = await done(unclear);
    const asked = first.stages.filter((stage) => stage === "another-part").length;
    // Both together are clear; each has as many photos as the other.
    expect([asked, first.stages.at(-1), first.result.unfrozenFrom]).toEqual([1, "all-photos", "all"]);
    expect(first.result.heldOut.truth).toHaveLength(64);
    expect(first.learned.slice(-2)).toEqual([128, 160]);
    const second = await done(unclear);
    expect(second.stages).toEqual(first.stages);
    expect(weightsOf(second.result.model)).toEqual(weightsOf(first.result.model));
    expect(second.result.heldOut).toEqual(first.result.heldOut);
  },
);

test("a training that is stopped while another part is held out is judged by those that have spoken", async () => {
  const stop = new AbortController();
  const { stages, learned } = await done({ ...unclear, signal: stop.signal }, (event) => {
    if (event.event === "progress" && event.stage === "another-part") stop.abort();
  });
  expect(stages.filter((stage) => stage === "another-part")).toHaveLength(1);
  expect(stages).not.toContain("all-photos");
  // Those of the head, or of the training without the validation photos.
  expect([160, 128]).toContain(learned.at(-1));
});

test("a training with another part that loses its numbers leaves the network as it was", async () => {
  const { result, stages } = await done(unclear, losing("another-part"));
  expect(stages.filter((stage) => stage === "another-part")).toHaveLength(1);
  expect(result.trouble?.loss).toBeNaN();
});

test("what four fifths have reached is kept where the training with all photos is stopped, or loses its numbers", async () => {
  const stop = new AbortController();
  const stopped = await done({ ...clear, signal: stop.signal }, (event) => {
    if (event.event === "progress" && event.stage === "all-photos" && event.done === 2) stop.abort();
  });
  expect([stopped.learned.at(-1), stopped.result.unfrozenFrom, stopped.result.trouble]).toEqual([80, "all", undefined]);
  const lost = await done(clear, losing("all-photos"));
  expect([lost.learned.at(-1), lost.result.unfrozenFrom]).toEqual([80, "all"]);
  expect(lost.result.trouble?.loss).toBeNaN();
  expect(weightsOf(lost.result.model)).toEqual(weightsOf(stopped.result.model));
  // Behind the last loss there is one step more.
  const inTheEnd = await done(clear, (event, network) => {
    if (event.event === "progress" && event.done === event.total) {
      losing("all-photos")({ ...event, done: 1 }, network);
    }
  });
  expect(inTheEnd.learned.at(-1)).toBe(80);
  expect(weightsOf(inTheEnd.result.model)).toEqual(weightsOf(stopped.result.model));
});

test("where the time is over when a training has been judged, it is not done once more", async () => {
  const now = performance.now.bind(performance);
  let late = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now() + late);
  const time = 1e5;
  const { stages, learned, result } = await done({ ...clear, time }, (event) => {
    if (event.event === "epoch" && event.phase === "fine-tune" && event.epoch === event.epochs) late = 2000 * time;
  });
  expect([learned.at(-1), result.unfrozenFrom]).toEqual([80, "all"]);
  expect(stages).toEqual(["head", "views", "not-better", "last-stage"]);
});
