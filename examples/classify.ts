/**
 * A finished classifier without Graft: plain ONNX Runtime, as any program that ships the model would use it.
 *
 *     npx tsx examples/classify.ts runs/flowers photo.jpg
 */
import { readFile } from "node:fs/promises";
import { InferenceSession, Tensor } from "onnxruntime-node";
import sharp from "sharp";

const [run, photo] = process.argv.slice(2);
if (run === undefined || photo === undefined) {
  console.error("Say which run folder and which photo: classify.ts RUN PHOTO");
  process.exit(2);
}

const session = await InferenceSession.create(`${run}/model.onnx`);
const record = JSON.parse(await readFile(`${run}/run.json`, "utf8")) as { data: { classes: string[] } };

// A photo of any size, turned as the camera was held: [1, height, width, 3] uint8, red, green, blue.
const { data, info } = await sharp(photo)
  .autoOrient()
  .flatten({ background: "white" })
  .toColourspace("srgb")
  .raw()
  .toBuffer({ resolveWithObject: true });
const image = new Tensor("uint8", new Uint8Array(data), [1, info.height, info.width, 3]);

const { probabilities } = await session.run({ image });
record.data.classes.forEach((label, index) => {
  console.log(label, Number(probabilities?.data[index]).toFixed(3));
});
