import { isWhole, refuse } from "../../errors/check.js";
import { UsageError } from "../../errors/errors.js";
import { formatShape, type Shape } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { allocate, elementCount, type ElementType } from "../../onnx/tensor-data.js";
import { cast } from "../../ops/layout.js";
import { Generator } from "../../random/generator.js";
import { OngoingStreams } from "../../random/ongoing-streams.js";
import { processStreams } from "../../random/seed.js";
import { type Tensor, toTensor } from "../../runtime/runtime.js";
import type { CallContext, Sampler } from "../context.js";
import { inGraphOrder } from "../operations/operand.js";
import { presentContext } from "../scope.js";
import { SymbolicTensor } from "../symbolic-tensor.js";
import { SeedGenerator } from "./seed-generator.js";

/** What says which random numbers are drawn: a number for the same each time, a stream of its own, or that of `setRandomSeed`. */
export type Seed = number | SeedGenerator | null;

/** Extents of what is drawn; inside of `call` the batch may be among them, as `ops.shape` gives it. */
export type DrawnShape = Shape;

/** What is drawn: an array at once; for a shape with an extent that is known only in training, a tensor of the computation. */
export type Drawn<S extends DrawnShape> = S extends readonly number[] ? Tensor : SymbolicTensor;

/** Random numbers of arrays; they begin again with `setRandomSeed`. */
const streams = new OngoingStreams(processStreams);

/** @throws UsageError when it is no seed */
export function checkSeed(owner: string, seed: unknown): Seed {
  if (seed === null || seed instanceof SeedGenerator || isWhole(seed, 0)) return seed;
  return refuse(owner, "seed", "a whole number of at least 0, a random.SeedGenerator, or null", seed);
}

function generatorOf(seed: Seed): Generator {
  if (typeof seed === "number") return new Generator(seed);
  if (seed !== null) return seed.generator;
  streams.refresh();
  return streams.of("random");
}

/** Random numbers inside of a computation, in the order of axes that the shape says. */
export function drawInside(context: CallContext, sampler: Sampler, shape: Shape, seed: Seed): Value {
  if (typeof seed === "number") {
    return context.random(
      `seed ${seed}`,
      (_, target) => {
        sampler(new Generator(seed), target);
      },
      shape,
    );
  }
  const name = seed === null ? "random" : seed.seed === null ? "seed generator" : `seed generator ${seed.seed}`;
  return context.random(name, sampler, shape);
}

/** An extent that a step knows: a number, the batch, or a multiple of it. */
function isDrawable(extent: unknown): boolean {
  return (
    isWhole(extent, 0) || (typeof extent === "string" && extent.split("*").every((part) => /^(\d+|N)$/.test(part)))
  );
}

/** @throws UsageError when it is no list of extents */
export function checkShape(owner: string, shape: unknown): Shape {
  const dims: unknown = typeof shape === "number" ? [shape] : shape;
  if (Array.isArray(dims) && dims.every(isDrawable)) return dims as Shape;
  return refuse(owner, "shape", "a list of whole numbers; inside of call the extent of the batch, too", shape);
}

/**
 * Draws numbers: inside of `call`, of a loss or a step new ones for each step, elsewhere an array at once.
 *
 * @param shape in Keras's order of axes
 */
export function drawShape<S extends DrawnShape>(
  owner: string,
  shape: S,
  sampler: Sampler,
  options: { readonly seed: unknown; readonly type: ElementType },
): Drawn<S> {
  const dims = checkShape(owner, shape);
  const seed = checkSeed(owner, options.seed);
  const context = presentContext();
  if (context !== undefined) {
    const drawn = drawInside(context, sampler, dims, seed);
    const value = options.type === "float32" ? drawn : cast(drawn, options.type);
    return SymbolicTensor.of(inGraphOrder(value), context) as Drawn<S>;
  }
  const known = dims.filter((extent) => typeof extent === "number");
  if (known.length < dims.length) {
    throw new UsageError(`random.${owner} is called outside of a computation, where the batch is not known.`, {
      subject: "shape",
      expected: "whole numbers",
      received: formatShape(dims),
      advice: "Draw inside of the call of a layer that extends layers.Layer.",
    });
  }
  const numbers = new Float32Array(elementCount(known));
  sampler(generatorOf(seed), numbers);
  if (options.type === "float32") return toTensor({ type: "float32", dims: known, data: numbers }) as Drawn<S>;
  const data = allocate(options.type, numbers.length);
  numbers.forEach((number, index) => {
    if (data instanceof BigInt64Array) data[index] = BigInt(number);
    else data[index] = number;
  });
  return toTensor({ type: options.type, dims: known, data }) as Drawn<S>;
}
