import { ShapeError } from "../../errors/errors.js";
import type { Value } from "../../graph/value.js";
import type { BaseModel } from "../../models/base-model.js";
import type { BatchSource } from "../../models/sources/batch-source.js";
import type { TrunkPrecision } from "../../models/training-types.js";
import type { SymbolicTensor } from "../../nn/symbolic-tensor.js";

/** Sizes of what is fed, where the model leaves them open. */
export function sizesOf(model: BaseModel, fed: readonly Value[]): string {
  const isOpen = ({ shape }: SymbolicTensor): boolean =>
    model.takesOtherSizes() || shape.slice(1).some((extent) => typeof extent === "string");
  return model.inputs.map((tensor, index) => (isOpen(tensor) ? String(fed[index]?.shape.slice(1)) : "")).join(";");
}

/**
 * A trunk in 8 bits is measured on what is trained with, and thus one of that size.
 *
 * @throws ShapeError when samples for validation have another size, and the trunk is one of 8 bits
 */
export function checkSameSizes(
  model: BaseModel,
  source: BatchSource,
  validation: BatchSource,
  trunkPrecision: TrunkPrecision | undefined,
): void {
  const [expected, received] = [source, validation].map(({ graph }) => sizesOf(model, graph));
  if (expected === received || trunkPrecision !== "int8") return;
  throw new ShapeError(
    `The samples for validation have another size than those that "${model.name}" is trained with.`,
    {
      subject: "validationData",
      expected: `samples of the size that is trained with (${expected ?? ""}), with trunkPrecision "int8"`,
      received: received ?? "",
      advice: "Resize them alike, begin the model with a Resizing layer, or leave trunkPrecision away.",
    },
  );
}
