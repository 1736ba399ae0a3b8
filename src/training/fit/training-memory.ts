import { BaseModel } from "../../models/base-model.js";
import type { TrunkPrecision } from "../../models/training-types.js";
import type { Compiled } from "../../models/compile-types.js";
import type { Layer } from "../../nn/layer.js";
import type { Variable } from "../../nn/variable.js";
import type { RandomSource } from "../../random/seed.js";
import type { Host } from "../machine.js";
import { OngoingStreams } from "../../random/ongoing-streams.js";
import type { LabelShapes } from "../programs/figures.js";
import { Programs } from "../programs/programs.js";

/** The programs' identity: they are made again when one of these changes. */
interface ProgramKey {
  readonly compiled: Compiled | undefined;
  readonly trainable: readonly Variable[];
  /** Factors of the learning rate, which are constants in the programs. */
  readonly multipliers: string;
  /** Whether each layer is trainable: a normalization without learnable weights is frozen by that alone. */
  readonly flags: string;
  readonly labelShapes: LabelShapes;
  readonly trunkPrecision: TrunkPrecision;
}

function sameVariables(a: readonly Variable[], b: readonly Variable[]): boolean {
  return a.length === b.length && a.every((variable, index) => variable === b[index]);
}

function sameKey(a: ProgramKey, b: ProgramKey): boolean {
  return (
    a.compiled === b.compiled &&
    a.flags === b.flags &&
    a.multipliers === b.multipliers &&
    a.trunkPrecision === b.trunkPrecision &&
    JSON.stringify(a.labelShapes) === JSON.stringify(b.labelShapes) &&
    sameVariables(a.trainable, b.trainable)
  );
}

function flagsOf(layer: Layer): string {
  const inner = layer instanceof BaseModel ? layer.layers.map(flagsOf).join("") : "";
  return `${Number(layer.trainable)}${inner}`;
}

/** What is kept of a model between calls: its programs, as long as they fit, its random streams, and what learned last. */
export class TrainingMemory {
  readonly streams: OngoingStreams;
  private made: { readonly programs: Programs; readonly key: ProgramKey } | undefined;
  /** What learned in the last training. */
  private trained: { readonly compiled: Compiled; readonly variables: readonly Variable[] } | undefined;
  /** Whether the user knows that `trainable` takes effect without a new call of `compile`. */
  private toldOfTrainable = false;

  constructor(
    private readonly host: Host,
    private readonly model: BaseModel,
    random: RandomSource,
  ) {
    this.streams = new OngoingStreams(random);
  }

  /** The programs that were made last, whether or not they still fit. */
  get programs(): Programs | undefined {
    return this.made?.programs;
  }

  /** The programs of the model as it is now. */
  async programsFor(
    compiled: Compiled | undefined,
    labelShapes: LabelShapes,
    trunkPrecision: TrunkPrecision = "float32",
  ): Promise<Programs> {
    const { host, model } = this;
    const trainable = model.trainableWeights;
    const multipliers = trainable.map(({ learningRateMultiplier }) => learningRateMultiplier).join();
    const key: ProgramKey = { compiled, trainable, multipliers, flags: flagsOf(model), labelShapes, trunkPrecision };
    const known = this.made;
    if (known !== undefined && !known.programs.outdated && sameKey(known.key, key)) return known.programs;
    await this.release();
    const programs = await Programs.create(host, model, compiled, labelShapes, { trunkPrecision });
    this.made = { programs, key };
    return programs;
  }

  /** Says once that a change of `trainable` since the last training takes effect: in Keras it would not. */
  tellOfTrainable(): void {
    const { compiled, name, trainableWeights } = this.model;
    const before = this.trained;
    this.trained = { compiled, variables: trainableWeights };
    const changed = before?.compiled === compiled && !sameVariables(before.variables, trainableWeights);
    if (!changed || this.toldOfTrainable) return;
    this.toldOfTrainable = true;
    this.host.machine.warn(
      `"trainable" has changed since the model "${name}" was compiled: ${trainableWeights.length} weights learn now, ` +
        `${before.variables.length} did before. It takes effect at once; Keras would wait for compile. A smaller learning ` +
        "rate is usual when layers are unfrozen: compile again with one, or set model.optimizer.learningRate.",
    );
  }

  /** Frees the sessions of the programs; they are made again when they are needed. */
  async release(): Promise<void> {
    const known = this.made;
    this.made = undefined;
    await known?.programs.release();
  }
}
