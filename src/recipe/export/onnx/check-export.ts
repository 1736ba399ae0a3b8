import { EngineError } from "../../../errors/errors.js";
import { rebuild } from "../../../graph/rebuild.js";
import { input } from "../../../graph/value.js";
import { float32, type TensorData } from "../../../onnx/tensor-data.js";
import { framedPixels } from "../../../photos/framing.js";
import { Generator } from "../../../random/generator.js";
import { fromTensor, type Runtime, Tensor, toTensor } from "../../../runtime/runtime.js";
import { createSession } from "../../../runtime/session.js";
import type { ClassifierNetwork } from "../exportable.js";
import type { InputSizes } from "./sizes.js";

/** Sides of drawn photos where a file takes photos of any size. */
const usualSides = [96, 128] as const;

/** A photo of soft spots, `[batch, height, width, 3]`; all of a batch are the same. */
function drawnPhoto({ batch, height, width }: InputSizes): Tensor {
  const [photos, rows, columns] = [batch, height, width].map((extent, index) =>
    typeof extent === "number" ? extent : ([1, ...usualSides][index] ?? 1),
  );
  if (photos === undefined || rows === undefined || columns === undefined)
    throw new TypeError("There are three extents.");
  const random = new Generator(1);
  const waves = [0, 1, 2].map(() => ({ x: random.uniform(1, 6), y: random.uniform(1, 6), at: random.uniform(0, 6) }));
  const data = new Uint8Array(photos * rows * columns * 3);
  for (let index = 0; index < data.length; index++) {
    const { x = 1, y = 1, at = 0 } = waves[index % 3] ?? {};
    const column = Math.floor(index / 3) % columns;
    const row = Math.floor(index / 3 / columns) % rows;
    data[index] = Math.round(127.5 * (1 + Math.sin(at + (x * column) / columns) * Math.cos((y * row) / rows)));
  }
  return new Tensor("uint8", data, [photos, rows, columns, 3]);
}

/** What goes into a file that takes pictures which are framed and normalized. */
async function normalizedPicture(runtime: Runtime, network: ClassifierNetwork, photo: Tensor): Promise<Tensor> {
  const image = input("image", "uint8", [...photo.dims]);
  const { pixels, normalized, framing } = network;
  const picture = rebuild([normalized], new Map([[pixels, framedPixels(image, framing)]]))(normalized);
  const session = await createSession(runtime, { picture });
  try {
    const { picture: made } = await session.run({ image: photo });
    if (made === undefined) throw new TypeError("The engine gave no picture.");
    return toTensor(float32((fromTensor(made).data as Float32Array).slice(), made.dims));
  } finally {
    await session.release();
  }
}

async function probabilitiesOf(runtime: Runtime, bytes: Uint8Array, image: Tensor): Promise<Float32Array> {
  const session = await runtime.createSession(bytes);
  try {
    const { probabilities } = await session.run({ image });
    if (probabilities === undefined) throw new TypeError("The engine gave no probabilities.");
    return (fromTensor(probabilities) as TensorData<"float32">).data.slice();
  } finally {
    await session.release();
  }
}

/**
 * Makes sure that the engine reads what is to be written, and that it answers a drawn photo as the run's `model.onnx` does.
 *
 * @param before bytes of that
 * @param after bytes of the export, and what it takes
 * @param tolerance by which a probability may differ
 * @throws EngineError when it does not
 */
export async function checkExport(
  runtime: Runtime,
  network: ClassifierNetwork,
  before: Uint8Array,
  after: { readonly bytes: Uint8Array; readonly sizes: InputSizes; readonly takesPictures: boolean },
  tolerance: number,
): Promise<void> {
  const { bytes, sizes, takesPictures } = after;
  const photo = drawnPhoto(sizes);
  const fed = takesPictures ? await normalizedPicture(runtime, network, photo) : photo;
  const [expected, found] = [await probabilitiesOf(runtime, before, photo), await probabilitiesOf(runtime, bytes, fed)];
  const difference = expected.reduce(
    (most, value, index) => Math.max(most, Math.abs(value - (found[index] ?? NaN))),
    0,
  );
  if (expected.length === found.length && difference <= tolerance) return;
  throw new EngineError("The export does not say what the run's model.onnx says.", {
    subject: "export",
    expected: `probabilities that differ by at most ${tolerance}`,
    received: Number.isNaN(difference) ? "no numbers" : `a difference of ${difference.toPrecision(3)} on a drawn photo`,
    advice: "Export it with --precision float32.",
  });
}
