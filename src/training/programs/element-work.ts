import { constant, input, type Value } from "../../graph/value.js";
import { float32, type TensorData } from "../../onnx/tensor-data.js";
import { relu } from "../../ops/activations.js";
import { cancelTransposes } from "../../passes/cancel-transposes.js";
import { conv } from "../../ops/convolution.js";
import { choiceDepends, lowerConvolutions } from "../../passes/lower-convolutions.js";
import { elementWorkFor, elementWorks, usualElementWork } from "../../passes/tile-choice.js";
import { type Runtime, toTensor } from "../../runtime/runtime.js";
import { createSession } from "../../runtime/session.js";
import type { Host } from "../machine.js";

/** Three layers for which tiles are about as fast as convolutions: there an error of the measurement changes little. */
const probe = { layers: 3, extent: 36, channels: 64, images: 4 } as const;

/** Rounds of the measurement; the fastest one counts. */
const rounds = 6;

/** Numbers that are neither zeros nor all alike. */
function wave(size: number, dims: readonly number[], amplitude: number): TensorData<"float32"> {
  return float32(
    Float32Array.from({ length: size }, (_, index) => amplitude * Math.sin(index)),
    dims,
  );
}

/**
 * Measures what {@link usualElementWork} says of another machine, in about 0.15 s.
 *
 * @returns one of {@link elementWorks}: measurements that differ by a few per cent give the same
 */
export async function measureElementWork(runtime: Runtime): Promise<number> {
  const { layers, extent, channels, images } = probe;
  const dims = [images, channels, extent, extent];
  let plain: Value = input("x", "float32", dims);
  const bias = constant(float32(new Float32Array(channels), [channels]));
  for (let layer = 0; layer < layers; layer++) {
    const kernel = constant(wave(channels ** 2 * 9, [channels, channels, 3, 3], 0.02));
    plain = relu(conv(plain, kernel, bias, { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }));
  }
  const lowered = [plain].map(lowerConvolutions([plain], { learned: false, elementWork: 0 }));
  const tiles = lowered.map(cancelTransposes(lowered, { reorderSums: true }));
  const sessions = [
    await createSession(runtime, { y: plain }),
    await createSession(runtime, Object.fromEntries(tiles.map((value) => ["y", value]))),
  ];
  const feeds = { x: toTensor(wave(images * channels * extent ** 2, dims, 1)) };
  const best = sessions.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < rounds; round++) {
    // By turns, so that what else runs on the machine slows both.
    for (const [index, session] of sessions.entries()) {
      const start = performance.now();
      await session.run(feeds);
      best[index] = Math.min(best[index] ?? 0, performance.now() - start);
    }
  }
  await Promise.all(sessions.map((session) => session.release()));
  const [direct = 1, tiled = 1] = best;
  return elementWorkFor(extent, channels, tiled / direct);
}

/**
 * The {@link usualElementWork} of this machine, measured once on it, where convolutions of a graph are lowered or not because
 * of it; else the usual one.
 *
 * @param values the graph's outputs
 */
export async function elementWorkOf({ runtime, machine }: Host, values: readonly Value[]): Promise<number> {
  if (!choiceDepends(values, elementWorks)) return usualElementWork;
  return machine.machineFact("work of an element of tiles", runtime.name, () => measureElementWork(runtime));
}
