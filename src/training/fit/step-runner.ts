import { float32, type TensorData } from "../../onnx/tensor-data.js";
import type { Optimizer } from "../../nn/optimizers/optimizer.js";
import { newSlot } from "../../nn/optimizers/optimizer-state.js";
import type { Tensor } from "../../runtime/runtime.js";
import type { Training } from "../../nn/weight-use.js";
import { fromTensor, type NamedTensors, toTensor } from "../../runtime/runtime.js";
import type { OngoingStreams } from "../../random/ongoing-streams.js";
import { names } from "../programs/names.js";
import type { Programs } from "../programs/programs.js";
import { randomFeeds } from "./random-feeds.js";
import { targetFeeds, type Targets } from "./targets.js";

type Float32 = TensorData<"float32">;

/**
 * Runs training steps: feeds weights, slots and random numbers, and takes the new ones over by reference.
 *
 * The new values of a step are written into the arrays that held the values of the step before the last, so memory stays
 * flat and nothing is copied. Arrays that somebody may hold are left as they are.
 */
export class StepRunner {
  constructor(
    private readonly programs: Programs,
    private readonly optimizer: Optimizer,
    private readonly streams: OngoingStreams,
    private readonly training: Training,
  ) {}

  /**
   * One step of the optimizer. Nobody reads weights meanwhile, so arrays of the step before the last may be written into.
   *
   * @param boundary boundary activations of the batch
   * @param targets labels and weights of the batch
   * @returns loss and metric states
   */
  run(boundary: NamedTensors, targets: Targets): Promise<NamedTensors> {
    return this.training.takeStep(() => this.step(boundary, targets));
  }

  private async step(boundary: NamedTensors, targets: Targets): Promise<NamedTensors> {
    const session = await this.programs.step();
    const { state } = this.optimizer;
    state.step += 1;
    const feeds: Record<string, Tensor> = {
      ...boundary,
      ...targetFeeds(targets),
      ...randomFeeds(this.programs.randoms, this.streams, targets.size),
      [names.learningRate]: toTensor(float32([this.optimizer.learningRateAt(state.step)], [])),
      [names.step]: toTensor(float32([state.step], [])),
    };

    const into: Record<string, Tensor> = {};
    const takeOver: (() => void)[] = [];
    const { spares } = this.programs;
    /** @param assign takes the new values over, and says whether the array of those before is free */
    const renew = (name: string, current: Float32, assign: (value: Float32) => boolean): void => {
      feeds[name] = toTensor(current);
      const target = spares.take(name, current);
      into[names.renewed(name)] = toTensor(target);
      takeOver.push(() => {
        if (assign(target)) spares.giveBack(name, current);
      });
    };
    for (const { variable, name, slots } of this.programs.trained) {
      renew(name, variable.lentValue, (value) => variable.renew(value));
      const kept = state.slots.get(variable) ?? new Map<string, Float32>();
      state.slots.set(variable, kept);
      for (const { slot, name: slotName, shape, initial } of slots) {
        const current = kept.get(slot) ?? newSlot(slot, shape, initial, variable.lentValue);
        renew(slotName, current, (value) => {
          kept.set(slot, value);
          return true;
        });
      }
    }
    for (const { variable, name } of this.programs.updated) {
      renew(name, variable.lentValue, (value) => variable.renew(value));
    }

    const needed = Object.fromEntries(session.inputNames.map((name) => [name, required(feeds[name], name)]));
    const results = await session.run(needed, into);
    this.training.assign(() => {
      for (const take of takeOver) take();
    });
    return results;
  }
}

function required(tensor: Tensor | undefined, name: string): Tensor {
  if (tensor === undefined) throw new TypeError(`A program wants the input "${name}", which nobody feeds.`);
  return tensor;
}

/** A scalar output as a number. */
export function numberOf(tensor: Tensor | undefined): number {
  const [value] = tensor === undefined ? [] : (fromTensor(tensor).data as Float32Array);
  return value ?? Number.NaN;
}
