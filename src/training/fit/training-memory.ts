import type { Value } from "../../graph/value.js";
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
import { sizesOf } from "./open-sizes.js";

/** The programs' identity: they are made again when one of these changes. */
interface ProgramKey {
  readonly compiled: Compiled | undefined;
  readonly trainable: readonly Variable[];
  /** Factors of the learning rate, which are constants in the programs. */
  readonly multipliers: string;
  /** Which layers there are. */
  readonly structure: string;
  /** Whether each layer is trainable: a normalization without learnable weights is frozen by that alone. */
  readonly flags: string;
  readonly labelShapes: LabelShapes;
  /** Sizes that are fed to inputs whose size is open. */
  readonly sizes: string;
  readonly trunkPrecision: TrunkPrecision;
}

/** For how many sizes of what is fed programs are kept: scripts train with a few, one after the other, and begin again. */
const sizesKept = 4;

/** Programs, and who works with them. */
interface Made {
  readonly programs: Programs;
  readonly key: ProgramKey;
  users: number;
  /** Whether others have taken their place, so that the last user frees them. */
  replaced: boolean;
}

/** Programs that nobody frees before they are given back. */
export interface BorrowedPrograms {
  readonly programs: Programs;
  giveBack(): Promise<void>;
}

function sameVariables(a: readonly Variable[], b: readonly Variable[]): boolean {
  return a.length === b.length && a.every((variable, index) => variable === b[index]);
}

function sameKey(a: ProgramKey, b: ProgramKey): boolean {
  return (
    a.compiled === b.compiled &&
    a.structure === b.structure &&
    a.flags === b.flags &&
    a.multipliers === b.multipliers &&
    a.sizes === b.sizes &&
    a.trunkPrecision === b.trunkPrecision &&
    JSON.stringify(a.labelShapes) === JSON.stringify(b.labelShapes) &&
    sameVariables(a.trainable, b.trainable)
  );
}

/** Numbers of layers: a layer that takes the place of another one is another layer. */
const numbers = new WeakMap<Layer, number>();
let numbered = 0;

function structureOf(layer: Layer): string {
  const number = numbers.get(layer) ?? numbered++;
  numbers.set(layer, number);
  return layer instanceof BaseModel ? `${number}(${layer.layers.map(structureOf).join()})` : String(number);
}

function flagsOf(layer: Layer): string {
  const inner = layer instanceof BaseModel ? layer.layers.map(flagsOf).join("") : "";
  return `${Number(layer.trainable)}${inner}`;
}

/** What is kept of a model between calls: its programs, as long as they fit, its random streams, and what learned last. */
export class TrainingMemory {
  readonly streams: OngoingStreams;
  /** Those that were worked with last come first. */
  private made: readonly Made[] = [];
  /** What learned in the last training. */
  private trained: { readonly compiled: object | undefined; readonly variables: readonly Variable[] } | undefined;
  /** Whether the user knows that `trainable` takes effect without a new call of `compile`. */
  private toldOfTrainable = false;

  constructor(
    readonly host: Host,
    private readonly model: BaseModel,
    random: RandomSource,
  ) {
    this.streams = new OngoingStreams(random);
  }

  /**
   * Works with the programs of the model as it is now.
   *
   * @param fed the graph of the source
   */
  async withPrograms<T>(
    fed: readonly Value[],
    compiled: Compiled | undefined,
    labelShapes: LabelShapes,
    work: (programs: Programs) => Promise<T>,
    trunkPrecision?: TrunkPrecision,
  ): Promise<T> {
    return use(await this.borrow(fed, compiled, labelShapes, trunkPrecision), work);
  }

  /** Works with programs that compute exactly: those that are there, if they do. */
  async withExactPrograms<T>(fed: readonly Value[], work: (programs: Programs) => Promise<T>): Promise<T> {
    const [structure, sizes] = [structureOf(this.model), sizesOf(this.model, fed)];
    const known = this.made.find(
      ({ programs, key }) =>
        !programs.outdated && programs.trunkReport === undefined && key.structure === structure && key.sizes === sizes,
    );
    return use(known === undefined ? await this.borrow(fed, undefined, []) : lent(known), work);
  }

  /** The programs of the model as it is now; they are not freed before they are given back. */
  async borrow(
    fed: readonly Value[],
    compiled: Compiled | undefined,
    labelShapes: LabelShapes,
    trunkPrecision: TrunkPrecision = "float32",
  ): Promise<BorrowedPrograms> {
    const { host, model } = this;
    const trainable = model.trainableWeights;
    const multipliers = trainable.map(({ learningRateMultiplier }) => learningRateMultiplier).join();
    const [structure, flags, sizes] = [structureOf(model), flagsOf(model), sizesOf(model, fed)];
    const key: ProgramKey = { compiled, trainable, multipliers, structure, flags, labelShapes, sizes, trunkPrecision };
    const known = this.made.find((one) => !one.programs.outdated && sameKey(one.key, key));
    if (known !== undefined) {
      this.made = [known, ...this.made.filter((one) => one !== known)];
      return lent(known);
    }
    const isKept = (one: Made): boolean =>
      !one.programs.outdated && one.key.sizes !== sizes && one.key.structure === structure && one.key.flags === flags;
    await this.keep((one, place) => isKept(one) && place < sizesKept - 1);
    const programs = await Programs.create(host, model, compiled, labelShapes, { trunkPrecision, fed });
    const made: Made = { programs, key, users: 0, replaced: false };
    const borrowed = lent(made);
    // Somebody else may have made some meanwhile.
    this.made = [made, ...this.made];
    await this.keep((one, place) => one === made || (isKept(one) && place < sizesKept));
    return borrowed;
  }

  /** Lets go of the programs for which a function says no. */
  private async keep(stays: (made: Made, place: number) => boolean): Promise<void> {
    const before = this.made;
    this.made = before.filter(stays);
    const gone = before.filter((one) => !this.made.includes(one));
    await Promise.all(gone.map(replace));
  }

  /** Says once that a change of `trainable` since the last training takes effect: in Keras it would not. */
  tellOfTrainable(): void {
    const { model } = this;
    const { name, trainableWeights } = model;
    // A class with a step of its own need not be called itself, so its outputs may never be known.
    const compiled = model.built ? model.compiled : model.compilation;
    const before = this.trained;
    this.trained = { compiled, variables: trainableWeights };
    if (before === undefined || before.compiled !== compiled || this.toldOfTrainable) return;
    if (sameVariables(before.variables, trainableWeights)) return;
    this.toldOfTrainable = true;
    this.host.machine.warn(
      `"trainable" has changed since the model "${name}" was compiled: ${trainableWeights.length} weights learn now, ` +
        `${before.variables.length} did before. It takes effect at once; Keras would wait for compile. A smaller learning ` +
        "rate is usual when layers are unfrozen: compile again with one, or set model.optimizer.learningRate.",
    );
  }

  /** Takes a change of `trainable` for one that the user knows to take effect. */
  followTrainable(): void {
    if (this.trained !== undefined) this.trained = { ...this.trained, variables: this.model.trainableWeights };
  }

  /** Frees the sessions of the programs as soon as nobody works with them; they are made again when they are needed. */
  async release(): Promise<void> {
    await this.keep(() => false);
  }
}

function lent(made: Made): BorrowedPrograms {
  made.users += 1;
  return {
    programs: made.programs,
    async giveBack() {
      made.users -= 1;
      if (made.replaced && made.users === 0) await made.programs.release();
    },
  };
}

async function use<T>(borrowed: BorrowedPrograms, work: (programs: Programs) => Promise<T>): Promise<T> {
  try {
    return await work(borrowed.programs);
  } finally {
    await borrowed.giveBack();
  }
}

async function replace(made: Made): Promise<void> {
  made.replaced = true;
  if (made.users === 0) await made.programs.release();
}
