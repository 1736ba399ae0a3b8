import { z } from "zod";
import { FileError } from "../../errors/errors.js";
import { textOf } from "../../errors/text-of.js";
import type { TrainingState } from "../../models/training-types.js";
import { float32, type TensorData } from "../../onnx/tensor-data.js";

const encoder = new TextEncoder();

const entrySchema = z.object({
  dtype: z.literal("F32"),
  shape: z.array(z.number().int().nonnegative()),
  data_offsets: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]),
});
const metadataSchema = z.object({ graft: z.string() });

/**
 * A training's state as one file, safetensors with the facts as metadata: either all of it is there or nothing.
 *
 * @returns copies, so that the training may go on
 * @see https://huggingface.co/docs/safetensors
 */
export function encodeState({ facts, tensors }: TrainingState): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: { graft: JSON.stringify(facts) } };
  let offset = 0;
  for (const [name, { dims, data }] of Object.entries(tensors)) {
    header[name] = { dtype: "F32", shape: dims, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const text = encoder.encode(JSON.stringify(header));
  // Data begin at a multiple of eight; the header is filled up with spaces.
  const begin = 8 + Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(begin + offset).fill(0x20, 8, begin);
  new DataView(file.buffer).setBigUint64(0, BigInt(begin - 8), true);
  file.set(text, 8);
  let position = begin;
  for (const { data } of Object.values(tensors)) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return file;
}

type Place = z.infer<typeof entrySchema> & { readonly name: string };

/**
 * Tensors lie one behind the other, and nothing else lies there: otherwise one would have numbers of another, or some be lost.
 *
 * @param size bytes behind the header
 * @see https://github.com/huggingface/safetensors#format
 */
function checkPlaces(places: readonly Place[], size: number): void {
  const order = ({ data_offsets: a }: Place, { data_offsets: b }: Place): number => a[0] - b[0] || a[1] - b[1];
  let end = 0;
  for (const { name, data_offsets: place } of [...places].sort(order)) {
    if (place[0] !== end || place[1] < end) {
      throw new RangeError(`"${name}" lies at ${place.join(" to ")} instead of behind ${String(end)}`);
    }
    end = place[1];
  }
  if (end !== size) throw new RangeError(`${String(size)} bytes of data instead of ${String(end)}`);
}

/**
 * Reads what {@link encodeState} wrote.
 *
 * @param path the file's name, for messages
 * @throws FileError when it is something else, or damaged
 */
export function decodeState(file: Uint8Array, path: string): TrainingState {
  try {
    const length = Number(new DataView(file.buffer, file.byteOffset, file.byteLength).getBigUint64(0, true));
    if (8 + length > file.length) throw new RangeError("the file is cut off");
    const header = z
      .record(z.string(), z.unknown())
      .parse(JSON.parse(textOf(file.subarray(8, 8 + length), path)) as unknown);
    const { __metadata__: metadata, ...entries } = header;
    const tensors: Record<string, TensorData<"float32">> = {};
    const parsed = Object.entries(entries).map(([name, entry]) => ({ name, ...entrySchema.parse(entry) }));
    checkPlaces(parsed, file.length - 8 - length);
    for (const { name, shape, data_offsets: offsets } of parsed) {
      const [start, end] = offsets.map((offset) => 8 + length + offset);
      // A copy that begins at 0; `slice` of Node's Buffer would be none.
      const bytes = new Uint8Array(file.subarray(start, end));
      const size = shape.reduce((product, extent) => product * extent, 4);
      if (bytes.length !== size) throw new RangeError(`"${name}" is cut off`);
      tensors[name] = float32(new Float32Array(bytes.buffer, 0, size / 4), shape);
    }
    return { facts: JSON.parse(metadataSchema.parse(metadata).graft) as unknown, tensors };
  } catch (cause) {
    throw new FileError(`${path} is no saved training.`, {
      subject: path,
      expected: "a file that BackupAndRestore wrote",
      received: cause instanceof Error ? cause.message.slice(0, 300) : String(cause),
      advice: "Delete it to begin afresh.",
      cause,
    });
  }
}
