import { EngineError } from "../../../errors/errors.js";
import { rebuild } from "../../../graph/rebuild.js";
import { input } from "../../../graph/value.js";
import { greatest } from "../../../onnx/extremes.js";
import { float32, type TensorData } from "../../../onnx/tensor-data.js";
import { framedPixels } from "../../../photos/framing.js";
import { fromTensor, type Runtime, Tensor, toTensor } from "../../../runtime/runtime.js";
import { createSession } from "../../../runtime/session.js";
import type { ClassifierNetwork } from "../exportable.js";
import type { ExportPrecision } from "../target.js";
import { drawnPhoto } from "./drawn-photo.js";
import type { InputSizes } from "./sizes.js";

/**
 * By how much a probability of a drawn photo may differ. A version of operators without a Resize that smooths rounds some pixels to the
 * neighbouring level; half precision has 11 bits; what 8 bits cost is measured on photos.
 */
const tolerances: Readonly<Record<ExportPrecision, number>> = { float32: 0.01, float16: 0.05, int8: 1 };

/** Sides of drawn photos where a file takes photos of any size. */
const usualSides = [96, 128] as const;

/** A drawn photo, `[batch, height, width, 3]`; all of a batch are the same. */
function photosOf({ batch, height, width }: InputSizes): Tensor {
  const [photos, rows, columns] = [batch, height, width].map((extent, index) =>
    typeof extent === "number" ? extent : ([1, ...usualSides][index] ?? 1),
  );
  if (photos === undefined || rows === undefined || columns === undefined)
    throw new TypeError("There are three extents.");
  const { data } = drawnPhoto({ width: columns, height: rows }, 1);
  const all = new Uint8Array(photos * data.length);
  for (let photo = 0; photo < photos; photo++) all.set(data, photo * data.length);
  return new Tensor("uint8", all, [photos, rows, columns, 3]);
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

/** The photo as other programs give it: `[N, 3, H, W]` float32, whole numbers in [0, 255]. */
function levelsOf({ data, dims }: Tensor): Tensor {
  const [photos = 0, height = 0, width = 0, channels = 0] = dims;
  const plane = height * width;
  const levels = Float32Array.from({ length: data.length }, (_, index) => {
    const [photo, rest] = [Math.floor(index / (channels * plane)), index % (channels * plane)];
    return Number(data[(photo * plane + (rest % plane)) * channels + Math.floor(rest / plane)]);
  });
  return toTensor(float32(levels, [photos, channels, height, width]));
}

function softmaxOf({ data, dims }: TensorData<"float32">): Float32Array {
  const columns = dims[1] ?? 1;
  const probabilities = data.slice();
  for (let begin = 0; begin < data.length; begin += columns) {
    const row = probabilities.subarray(begin, begin + columns);
    const most = greatest(row);
    const powers = row.map((logit) => Math.exp(logit - most));
    const sum = powers.reduce((whole, power) => whole + power, 0);
    row.set(powers.map((power) => power / sum));
  }
  return probabilities;
}

async function probabilitiesOf(
  runtime: Runtime,
  bytes: Uint8Array,
  fed: Tensor,
  { input: name, output }: FileNames = { input: "image", output: "probabilities" },
): Promise<Float32Array> {
  const session = await runtime.createSession(bytes);
  try {
    const answers = await session.run({ [name]: fed });
    const answer = answers[output];
    if (answer === undefined) throw new TypeError(`The engine gave no ${output}.`);
    const tensor = fromTensor(answer) as TensorData<"float32">;
    return output === "logits" ? softmaxOf(tensor) : tensor.data.slice();
  } finally {
    await session.release();
  }
}

/** What goes into a file and comes out of it is called. */
interface FileNames {
  readonly input: string;
  readonly output: "probabilities" | "logits";
}

/** An export that is to be tried. */
export interface CheckedExport {
  readonly bytes: Uint8Array;
  /** Of the photos that it takes. */
  readonly sizes: InputSizes;
  /** Photos as they are decoded, the same as floating-point levels with channels first, or pictures that are framed and normalized. */
  readonly takes: "photos" | "levels" | "pictures";
  /** Default `image` and `probabilities`. */
  readonly names?: FileNames;
}

/**
 * Makes sure that the engine reads what is to be written, and that it answers a drawn photo as the run's `model.onnx` does.
 *
 * @param before bytes of that
 * @param after the export
 * @throws EngineError when it does not
 */
export async function checkExport(
  runtime: Runtime,
  network: ClassifierNetwork,
  before: Uint8Array,
  { bytes, sizes, takes, names }: CheckedExport,
  precision: ExportPrecision,
): Promise<void> {
  const photo = photosOf(sizes);
  const fed =
    takes === "photos"
      ? photo
      : takes === "levels"
        ? levelsOf(photo)
        : await normalizedPicture(runtime, network, photo);
  const tolerance = tolerances[precision];
  const expected = await probabilitiesOf(runtime, before, photo);
  const found = await probabilitiesOf(runtime, bytes, fed, names);
  const difference = expected.reduce(
    (most, value, index) => Math.max(most, Math.abs(value - (found[index] ?? NaN))),
    0,
  );
  if (expected.length === found.length && difference <= tolerance) return;
  throw new EngineError("The export does not say what the run's model.onnx says.", {
    subject: "export",
    expected: `probabilities that differ by at most ${tolerance}`,
    received: Number.isNaN(difference) ? "no numbers" : `a difference of ${difference.toPrecision(3)} on a drawn photo`,
    advice: precision === "float32" ? "Please report the network." : "Export it with --precision float32.",
  });
}
