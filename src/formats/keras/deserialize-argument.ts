import { z } from "zod";
import { UsageError } from "../../errors/errors.js";
import type { Argument } from "../../nn/operations/argument.js";
import { allocate, elementCount, type ElementType, type TensorData } from "../../onnx/tensor-data.js";

const objectSchema = z.looseObject({ class_name: z.string(), config: z.record(z.string(), z.unknown()) });

const sliceSchema = z.object({
  start: z.number().nullable(),
  stop: z.number().nullable(),
  step: z.number().nullable(),
});

const arraySchema = z.object({
  value: z.unknown(),
  dtype: z.enum(["float32", "float64", "int64", "int32", "int8", "uint8", "bool"]),
});

/**
 * Reads an argument of the call of an operation as Keras 3 writes it: numbers, lists, slices, arrays.
 *
 * @param place gives a tensor of the model its number among the call's inputs; `undefined` for what is none
 * @throws UsageError for what Graft does not have
 */
export function readArgument(data: unknown, place: (data: unknown) => Argument | undefined): Argument {
  const tensor = place(data);
  if (tensor !== undefined) return tensor;
  if (data === null || typeof data === "number" || typeof data === "string" || typeof data === "boolean") return data;
  if (Array.isArray(data)) return data.map((one) => readArgument(one, place));
  const parsed = objectSchema.safeParse(data);
  if (parsed.success) {
    const { class_name: kind, config } = parsed.data;
    if (kind === "__ellipsis__") return { kind: "ellipsis" };
    if (kind === "__slice__") {
      const slice = sliceSchema.safeParse(config);
      if (slice.success) return { kind: "slice", ...slice.data };
    }
    if (kind === "__numpy__" || kind === "__tensor__") {
      const array = arraySchema.safeParse(config);
      if (array.success) return { kind: "array", data: arrayOf(array.data.value, array.data.dtype) };
    }
  }
  throw new UsageError("Graft cannot read an argument of this operation.", {
    subject: "args",
    expected: "tensors of the model, arrays, numbers, slices, and lists of these",
    received: JSON.stringify(data).slice(0, 200),
  });
}

function arrayOf(value: unknown, type: ElementType): TensorData {
  const dims: number[] = [];
  for (let part = value; Array.isArray(part); part = part[0] as unknown) dims.push(part.length);
  const elements = [value].flat(Infinity);
  const data = allocate(type, elementCount(dims));
  elements.forEach((element, index) => {
    if (data instanceof BigInt64Array) data[index] = BigInt(Number(element));
    else data[index] = Number(element);
  });
  return { type, dims, data };
}
