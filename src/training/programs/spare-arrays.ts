import { float32, type TensorData } from "../../onnx/tensor-data.js";

type Float32 = TensorData<"float32">;

/**
 * Arrays that training steps write new weights and slots into: those of the step before the last. So memory stays flat from step to step,
 * and from call to call as long as the programs are kept: a step of a large network asks for no memory, which costs the engine a tenth of
 * its time where each step has to find and to clear it.
 */
export class SpareArrays {
  private readonly spare = new Map<string, Float32>();
  /** Arrays that were made here. Others may have been there before the first step, in another model or in a user's hands. */
  private readonly own = new WeakSet<Float32Array>();

  /** An array of a size to write new values of a name into; what it holds is arbitrary. */
  take(name: string, { dims, data }: Float32): Float32 {
    const spare = this.spare.get(name);
    this.spare.delete(name);
    if (spare !== undefined) return spare;
    const made = float32(new Float32Array(data.length), dims);
    this.own.add(made.data);
    return made;
  }

  /** Takes an array back that nobody reads any more. One that was not made here is left alone. */
  giveBack(name: string, array: Float32): void {
    if (this.own.has(array.data)) this.spare.set(name, array);
  }
}
