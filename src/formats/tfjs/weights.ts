import { z } from "zod";
import { FileError } from "../../errors/errors.js";
import { elementCount, fromBytes, type TensorData } from "../../onnx/tensor-data.js";
import { halfToFloat32 } from "../../onnx/half.js";

const weightSchema = z.object({
  name: z.string(),
  shape: z.array(z.int().min(0)),
  dtype: z.enum(["float32", "int32", "bool", "uint8"], {
    error: ({ input }) => `Invalid input: weights of type ${JSON.stringify(input)} are not supported`,
  }),
  quantization: z
    .discriminatedUnion("dtype", [
      z.object({ dtype: z.enum(["uint8", "uint16"]), scale: z.number(), min: z.number() }),
      z.object({ dtype: z.literal("float16") }),
    ])
    .optional(),
});

/** The groups of weights that a TensorFlow.js model lists; each is one run of bytes, cut into files. */
export const manifestSchema = z.array(z.object({ paths: z.array(z.string()).min(1), weights: z.array(weightSchema) }));

type Weight = z.infer<typeof weightSchema>;
type Group = z.infer<typeof manifestSchema>[number];

/**
 * Reads all weights that a manifest lists. Weights quantized to uint8 or uint16 become
 * `scale · q + min`, those kept as float16 are widened.
 *
 * @param manifest the groups, in the file's order
 * @param model the name of the model's file, for error messages
 * @param readBytes reads one of the files that the manifest names
 * @returns the weights by name, in the manifest's order
 * @throws FileError when a group has fewer or more bytes than its weights take, or a name comes twice
 * @see https://github.com/tensorflow/tfjs/blob/master/tfjs-core/src/io/io_utils.ts
 */
export async function readTfjsWeights(
  manifest: readonly Group[],
  model: string,
  readBytes: (name: string) => Promise<Uint8Array>,
): Promise<Map<string, TensorData>> {
  refuseRepeated(manifest, model);
  const groups = await Promise.all(manifest.map((group) => Promise.all(group.paths.map((path) => readBytes(path)))));
  const weights = new Map<string, TensorData>();
  for (const [i, group] of manifest.entries()) {
    const bytes = joinShards(group, groups[i] ?? [], model);
    let offset = 0;
    for (const weight of group.weights) {
      if (weights.has(weight.name)) {
        throw new FileError(`${model} lists a weight twice.`, {
          subject: model,
          expected: "weights of different names",
          received: `two weights "${weight.name}"`,
          advice: "Convert the model again.",
        });
      }
      const size = byteSize(weight);
      weights.set(weight.name, decode(weight, bytes.subarray(offset, offset + size)));
      offset += size;
    }
  }
  return weights;
}

/** A file that is named a thousand times would be read as often. */
function refuseRepeated(manifest: readonly Group[], model: string): void {
  const seen = new Set<string>();
  for (const path of manifest.flatMap(({ paths }) => paths)) {
    if (seen.has(path)) {
      throw new FileError(`${model} names a file of weights twice.`, {
        subject: model,
        expected: "each file of weights once",
        received: path,
        advice: "Convert the model again.",
      });
    }
    seen.add(path);
  }
}

/** One group's bytes in one piece, checked against what its weights take. */
function joinShards(group: Group, shards: readonly Uint8Array[], model: string): Uint8Array {
  const expected = group.weights.reduce((sum, weight) => sum + byteSize(weight), 0);
  const received = shards.reduce((sum, shard) => sum + shard.byteLength, 0);
  if (received !== expected) {
    const sizes = group.paths.map((path, i) => `${path} of ${String(shards[i]?.byteLength)}`);
    throw new FileError(`The weight files of ${model} are ${received < expected ? "truncated" : "too long"}.`, {
      subject: model,
      expected: `${String(expected)} bytes in all`,
      received: `${String(received)} bytes: ${sizes.slice(0, 12).join(", ")}${sizes.length > 12 ? ", …" : ""}`,
      advice: "Download or copy them again; all must come from the same conversion as the model's JSON.",
    });
  }
  const [first] = shards;
  if (shards.length === 1 && first !== undefined) return first;
  const joined = new Uint8Array(received);
  let offset = 0;
  for (const shard of shards) {
    joined.set(shard, offset);
    offset += shard.byteLength;
  }
  return joined;
}

const widths = { float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2 };

function byteSize(weight: Weight): number {
  return elementCount(weight.shape) * widths[weight.quantization?.dtype ?? weight.dtype];
}

function decode({ dtype, shape: dims, quantization }: Weight, bytes: Uint8Array): TensorData {
  if (quantization === undefined) return { type: dtype, dims, data: fromBytes(dtype, bytes) };
  if (quantization.dtype === "float16") {
    return { type: "float32", dims, data: halfToFloat32(fromBytes("float16", bytes)) };
  }
  // A float16 array is one of raw 16-bit integers.
  const quantized = fromBytes(quantization.dtype === "uint16" ? "float16" : "uint8", bytes);
  const { scale, min } = quantization;
  return dtype === "int32"
    ? { type: "int32", dims, data: Int32Array.from(quantized, (q) => Math.round(scale * q + min)) }
    : { type: "float32", dims, data: Float32Array.from(quantized, (q) => scale * q + min) };
}
