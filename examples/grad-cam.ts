/**
 * The counterpart of Keras's example of Grad-CAM, https://keras.io/examples/vision/grad_cam/: where in a photo a network sees
 * what it says.
 *
 *     npx tsx examples/grad-cam.ts --photo elephant.jpg --out cam.jpg
 */
import { parseArgs } from "node:util";
import { applications, GradientTape, models, ops, utils } from "graft-ml";
import type { Tensor } from "graft-ml";

const { values: flags } = parseArgs({
  options: {
    photo: { type: "string", default: "photo.jpg" },
    model: { type: "string" },
    "last-layer": { type: "string", default: "block5_conv3" },
    size: { type: "string", default: "224" },
    alpha: { type: "string", default: "0.4" },
    out: { type: "string", default: "cam.jpg" },
    json: { type: "boolean", default: false },
  },
});
const size = Number(flags.size);

async function getImgArray(imgPath: string): Promise<Tensor> {
  const img = await utils.loadImg(imgPath, { targetSize: [size, size] });
  const array = utils.imgToArray(img);
  // A batch of one.
  return ops.expandDims(array, 0);
}

async function makeGradcamHeatmap(imgArray: Tensor, model: models.BaseModel, lastConvLayerName: string) {
  // From the photo to what the last convolution gives, and to the predictions.
  const gradModel = new models.Model(model.inputs, [model.getLayer(lastConvLayerName).output, model.output]);

  const tape = new GradientTape();
  const [lastConvLayerOutput, preds] = gradModel.applyAll([tape.watch(imgArray)]);
  if (lastConvLayerOutput === undefined || preds === undefined) throw new Error("The model has two outputs.");
  const predIndex = ops.argmax(ops.getItem(preds, 0));
  const classChannel = ops.take(preds, predIndex, 1);
  const grads = tape.gradient(classChannel, lastConvLayerOutput);

  // How important each channel is, on average over the photo.
  const pooledGrads = ops.mean(grads, [0, 1, 2]);
  let heatmap = ops.matmul(ops.getItem(lastConvLayerOutput, 0), ops.getItem(pooledGrads, [ops.ellipsis, null]));
  heatmap = ops.squeeze(heatmap, -1);
  heatmap = ops.divide(ops.maximum(heatmap, 0), ops.max(heatmap));
  const [map, index] = await tape.evaluate([heatmap, predIndex]);
  if (map === undefined || index === undefined) throw new Error("The tape gives both.");
  return { heatmap: map, predIndex: Number(index.data[0]) };
}

/** The colours of Matplotlib's "jet", nearly: from blue over green and yellow to red. */
async function jet(heatmap: Tensor): Promise<Tensor> {
  const channel = async (peak: number): Promise<Tensor> =>
    ops.clip(await ops.subtract(1.5, await ops.abs(await ops.subtract(await ops.multiply(heatmap, 4), peak))), 0, 1);
  return ops.multiply(await ops.stack([await channel(3), await channel(2), await channel(1)], -1), 255);
}

async function saveGradcam(imgPath: string, heatmap: Tensor, camPath: string, alpha: number): Promise<void> {
  const img = utils.imgToArray(await utils.loadImg(imgPath));
  const [height = 0, width = 0] = img.dims;
  const jetHeatmap = await ops.image.resize(await jet(heatmap), [height, width]);
  const superimposedImg = await ops.add(await ops.multiply(jetHeatmap, alpha), img);
  await utils.saveImg(camPath, utils.arrayToImg(superimposedImg));
}

const model =
  flags.model === undefined ? await applications.VGG16({ weights: "imagenet" }) : await models.loadModel(flags.model);
let imgArray = await getImgArray(flags.photo);
if (flags.model === undefined) imgArray = applications.vgg16.preprocessInput(imgArray);
const preds = await model.predict(imgArray);
if (flags.model === undefined) {
  console.log("Predicted:", (await applications.vgg16.decodePredictions(preds, { top: 1 }))[0]);
}

const { heatmap, predIndex } = await makeGradcamHeatmap(imgArray, model, flags["last-layer"]);
await saveGradcam(flags.photo, heatmap, flags.out, Number(flags.alpha));
console.log(`Heat map of class ${predIndex}: ${flags.out}`);
if (flags.json)
  console.log(JSON.stringify({ predIndex, shape: heatmap.dims, heatmap: Array.from(heatmap.data as Float32Array) }));
