import { EngineError } from "../../errors/errors.js";
import { rebuild } from "../../graph/rebuild.js";
import { input, type Value } from "../../graph/value.js";
import { modelOfLayers } from "../../formats/keras/model-of-layers.js";
import type { LayerGraph } from "../../formats/layers/layer-spec.js";
import { float32 } from "../../onnx/tensor-data.js";
import { add, mul } from "../../ops/elementwise.js";
import { scalarLike } from "../../ops/constants.js";
import { Generator } from "../../random/generator.js";
import { fromTensor, type Runtime, toTensor } from "../../runtime/runtime.js";
import { createSession } from "../../runtime/session.js";
import { inferenceGraph } from "../../training/programs/inference-graph.js";
import type { ClassifierNetwork } from "./exportable.js";

/** Drawn pictures that both look at. */
const pictures = 4;

/** By how much a probability may differ: sums in another order gave 6 · 10⁻⁵ at most where it was measured, a wrong layer 0.3. */
const tolerance = 1e-3;

/** Pictures of soft spots with noise on them, whole numbers in [0, 255], `[4, 3, side, side]`. */
function drawnPictures(side: number): Float32Array {
  const random = new Generator(1);
  const data = new Float32Array(pictures * 3 * side * side);
  for (let plane = 0; plane < pictures * 3; plane++) {
    const [across, down, phase] = [random.uniform(1, 9), random.uniform(1, 9), random.uniform(0, 6)];
    for (let place = 0; place < side * side; place++) {
      const [x, y] = [(place % side) / side, Math.floor(place / side) / side];
      const soft = 127.5 * (1 + Math.sin(phase + across * x) * Math.cos(down * y));
      data[plane * side * side + place] = Math.round(Math.min(255, Math.max(0, soft + random.uniform(-30, 30))));
    }
  }
  return data;
}

/**
 * Makes sure that layers answer drawn pictures as the classifier does that they were made of.
 *
 * @param layers what is to be written
 * @param fed what they take of levels in [0, 255]: `level · scale + offset`
 * @throws EngineError when they do not
 */
export async function checkLayers(
  runtime: Runtime,
  network: ClassifierNetwork,
  layers: LayerGraph,
  fed: { readonly scale: number; readonly offset: number },
): Promise<void> {
  const { pixels, probabilities, framing } = network;
  const { size } = framing;
  const picture = input("picture", "float32", [pictures, 3, size, size]);
  const given = add(mul(picture, scalarLike(picture, fed.scale)), scalarLike(picture, fed.offset));
  const [after] = inferenceGraph(modelOfLayers(layers, "layers"), [given]).outputs;
  if (after === undefined) throw new TypeError("Layers have an output.");
  const before = rebuild([probabilities], new Map<Value, Value>([[pixels, picture]]))(probabilities);
  const session = await createSession(runtime, { before, after });
  try {
    const said = await session.run({ picture: toTensor(float32(drawnPictures(size), [pictures, 3, size, size])) });
    const [expected, found] = [said["before"], said["after"]].map(
      (tensor) => tensor && (fromTensor(tensor).data as Float32Array),
    );
    const difference = Array.from(expected ?? []).reduce(
      (most, value, index) => Math.max(most, Math.abs(value - (found?.[index] ?? Number.NaN))),
      0,
    );
    if (expected !== undefined && expected.length === found?.length && difference <= tolerance) return;
    throw new EngineError("Layers do not say what the run's model.onnx says: nothing is written.", {
      subject: "export",
      expected: `probabilities that differ by at most ${tolerance}`,
      received: Number.isNaN(difference)
        ? "no numbers"
        : `a difference of ${difference.toPrecision(3)} on drawn pictures`,
      advice: "Export it with --to onnx or --to transformersjs, and please report the network.",
    });
  } finally {
    await session.release();
  }
}
