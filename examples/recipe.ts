/**
 * What `graft train` does, in a script; and its pieces, put together by hand.
 *
 *     npx tsx examples/recipe.ts --data-dir flowers
 *
 * --data-dir has one folder for each class, or `train` and `validation` with such folders. --network is a name of `graft networks` or
 * an ONNX file, which --preprocess says the preprocessing of. --json prints the figures alone.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { callbacks, imageDatasetFromDirectory, optimizers, recipes, schedules, utils } from "graft-ml";

const { values: flags } = parseArgs({
  options: {
    "data-dir": { type: "string", default: "flowers" },
    network: { type: "string", default: "mobilenetv2" },
    preprocess: { type: "string" },
    out: { type: "string", default: "." },
    epochs: { type: "string", default: "6" },
    json: { type: "boolean", default: false },
  },
});
const directory = flags["data-dir"];
const preprocess = flags.preprocess as "tf" | "torch" | "caffe" | "0-1" | undefined;
const epochs = Number(flags.epochs);

// The whole recipe.
const learned = await recipes.fineTune(directory, { network: flags.network, preprocess, epochs });
const { model, classes, heldOut } = learned;
if (!flags.json)
  console.log(classes.join(", "), `${(100 * heldOut.accuracy).toFixed(1)} % of photos that were held out`);
await learned.exportClassifier(join(flags.out, "model.onnx"));

// Stage by stage: each gives the better one of what it was given and what it has made of it.
const head = await recipes.fitHead(directory, { network: flags.network, preprocess });
const viewed = await recipes.fitHeadWithViews(head);
const trained = await recipes.trainLastStage(viewed, { epochs });
for (const { heldOut: said, best } of [head, viewed, trained]) {
  if (!flags.json) console.log(`${best.phase}: ${(100 * said.accuracy).toFixed(1)} %`);
}

// By hand from the head on: rates by depth, one cycle, averages of the weights.
const network = head.model;
const train = await imageDatasetFromDirectory(directory, {
  imageSize: [learned.imageSize, learned.imageSize],
  labelMode: "categorical",
  batchSize: 8,
});
const before = network.getWeights();
utils.setRatesByDepth(network, { lowest: 0.01 });
const rate = new schedules.OneCycle(1e-3, epochs * train.length);
network.compile({
  optimizer: new optimizers.AdamW(rate, { useEma: true }),
  loss: "categorical_crossentropy",
  metrics: ["accuracy"],
});
const { history } = await network.fit(train, { epochs, verbose: 0, callbacks: [new callbacks.SwapEMAWeights()] });
// Half-way between the network as it was and what it has learned.
network.setWeights(utils.interpolateWeights(before, network.getWeights()));
console.log(JSON.stringify({ held_out: heldOut.accuracy, loss: history["loss"], weights: model.countParams() }));
