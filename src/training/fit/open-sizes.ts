import { ShapeError } from "../../errors/errors.js";
import type { Value } from "../../graph/value.js";
import type { BaseModel } from "../../models/base-model.js";
import type { BatchSource } from "../../models/sources/batch-source.js";
import type { SymbolicTensor } from "../../nn/symbolic-tensor.js";

/** Sizes of what is fed, where the model leaves them open. */
export function sizesOf(model: BaseModel, fed: readonly Value[]): string {
  const isOpen = ({ shape }: SymbolicTensor): boolean => shape.slice(1).some((extent) => typeof extent === "string");
  return model.inputs.map((tensor, index) => (isOpen(tensor) ? String(fed[index]?.shape.slice(1)) : "")).join(";");
}

/**
 * Programs are written for the sizes of what is trained with.
 *
 * @throws ShapeError when samples for validation have another size, which a model with open sizes would let through
 */
export function checkSameSizes(model: BaseModel, source: BatchSource, validation: BatchSource): void {
  const [expected, received] = [source, validation].map(({ graph }) => sizesOf(model, graph));
  if (expected === received) return;
  throw new ShapeError(
    `The samples for validation have another size than those that "${model.name}" is trained with.`,
    {
      subject: "validationData",
      expected: `samples of the size that is trained with (${expected ?? ""})`,
      received: received ?? "",
      advice: "Resize them alike, begin the model with a Resizing layer, or call evaluate after fit.",
    },
  );
}
