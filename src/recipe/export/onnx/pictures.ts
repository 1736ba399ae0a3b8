import { rebuild } from "../../../graph/rebuild.js";
import { input, type Value } from "../../../graph/value.js";
import { evenly } from "../../../models/sources/batch-source.js";
import { float32, type TensorData } from "../../../onnx/tensor-data.js";
import { decodeAhead } from "../../../photos/decode-ahead.js";
import { framedPixels, shrunkTo } from "../../../photos/framing.js";
import type { Photo } from "../../../photos/photo.js";
import { fromTensor, type NamedTensors, type Runtime, Tensor, toTensor } from "../../../runtime/runtime.js";
import { createSession } from "../../../runtime/session.js";
import type { ClassifierNetwork } from "../exportable.js";
import type { Effort } from "../effort.js";
import { type DrawnPhoto, drawnPhoto } from "./drawn-photo.js";

/** Photos at a time. */
const atOnce = 8;

/** Some of a list, evenly. */
export function some<Item>(items: readonly Item[], most: number): Item[] {
  return evenly(Math.min(most, items.length), items.length).flatMap((index) => items.slice(index, index + 1));
}

/** Photos as they go into the network, `[1, 3, size, size]`, those left out that cannot be read. */
export async function pictures(
  runtime: Runtime,
  network: ClassifierNetwork,
  photos: readonly Photo[],
  effort: Effort,
): Promise<TensorData<"float32">[]> {
  return framed(runtime, network, async (frame) => {
    for await (const decoded of decodeAhead(photos, { resizedTo: shrunkTo(network.framing) })) {
      if ("photo" in decoded) await frame(decoded.photo);
      effort.step();
    }
  });
}

/** The same of drawn photos, bright and dark ones, strong and pale ones. */
export async function drawnPictures(
  runtime: Runtime,
  network: ClassifierNetwork,
  count: number,
): Promise<TensorData<"float32">[]> {
  const { size } = network.framing;
  return framed(runtime, network, async (frame) => {
    for (let number = 0; number < count; number++) {
      const [contrast, brightness] = [1 / (1 + (number % 4)), 60 + 135 * ((number % 3) / 2)];
      await frame(drawnPhoto({ width: size, height: size }, number + 1, contrast, brightness));
    }
  });
}

async function framed(
  runtime: Runtime,
  { framing, pixels, normalized }: ClassifierNetwork,
  each: (frame: (photo: DrawnPhoto) => Promise<void>) => Promise<void>,
): Promise<TensorData<"float32">[]> {
  const image = input("image", "uint8", [1, "H", "W", 3]);
  const picture = rebuild([normalized], new Map([[pixels, framedPixels(image, framing)]]))(normalized);
  const session = await createSession(runtime, { picture });
  const tensors: TensorData<"float32">[] = [];
  try {
    await each(async ({ width, height, data }) => {
      const { picture: result } = await session.run({ image: new Tensor("uint8", data, [1, height, width, 3]) });
      if (result === undefined) throw new TypeError("The engine gave no picture.");
      const { dims, data: numbers } = fromTensor(result) as TensorData<"float32">;
      tensors.push(float32(numbers.slice(), dims));
    });
  } finally {
    await session.release();
  }
  return tensors;
}

/** Pictures as the input `picture` takes them, some at a time. */
export function inBatches(tensors: readonly TensorData<"float32">[]): NamedTensors[] {
  return Array.from({ length: Math.ceil(tensors.length / atOnce) }, (_, group) => {
    const part = tensors.slice(group * atOnce, (group + 1) * atOnce);
    const [first] = part;
    const size = first?.data.length ?? 0;
    const data = new Float32Array(part.length * size);
    part.forEach((tensor, index) => {
      data.set(tensor.data, index * size);
    });
    return { picture: toTensor(float32(data, [part.length, ...(first?.dims.slice(1) ?? [])])) };
  });
}

/** How many pictures a batch has. */
export function picturesIn(batch: NamedTensors): number {
  return batch["picture"]?.dims[0] ?? 0;
}

/** What a network says of each picture: a row of each output. */
export async function rowsOf<Name extends string>(
  runtime: Runtime,
  outputs: Readonly<Record<Name, Value>>,
  batches: readonly NamedTensors[],
  effort: Effort,
): Promise<Readonly<Record<Name, readonly Float32Array[]>>> {
  const session = await createSession(runtime, outputs);
  const names = Object.keys(outputs) as Name[];
  const rows = Object.fromEntries(names.map((name) => [name, new Array<Float32Array>()])) as Record<
    Name,
    Float32Array[]
  >;
  try {
    for (const batch of batches) {
      const results = await session.run(batch);
      for (const name of names) {
        const result = results[name];
        if (result === undefined) throw new TypeError(`The engine gave no ${name}.`);
        const { data, dims } = fromTensor(result) as TensorData<"float32">;
        const columns = dims[1] ?? 1;
        for (let row = 0; row < (dims[0] ?? 0); row++) {
          rows[name].push(data.slice(row * columns, (row + 1) * columns));
        }
      }
      effort.step(picturesIn(batch));
    }
  } finally {
    await session.release();
  }
  return rows;
}

/** Logits less their mean: what is added to all of them changes no probability. */
export function centered(logits: Float32Array): Float32Array {
  const mean = logits.reduce((sum, logit) => sum + logit, 0) / logits.length;
  return logits.map((logit) => logit - mean);
}

/** How far rows of numbers have moved: root of the mean square, as a share of their own. */
export function movedBy(before: readonly Float32Array[], after: readonly Float32Array[]): number {
  let [difference, whole] = [0, 0];
  before.forEach((row, index) => {
    row.forEach((value, column) => {
      whole += value ** 2;
      difference += ((after[index]?.[column] ?? Number.NaN) - value) ** 2;
    });
  });
  return Math.sqrt(difference / Math.max(whole, Number.MIN_VALUE));
}
