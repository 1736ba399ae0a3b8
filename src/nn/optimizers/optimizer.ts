import { refuseFormerMembers } from "../../errors/former-members.js";
import { UsageError } from "../../errors/errors.js";
import type { Value } from "../../graph/value.js";
import { equal, where } from "../../ops/comparison.js";
import { scalarLike } from "../../ops/constants.js";
import { add, clip, div, floor, max, mul, sqrt, sub } from "../../ops/elementwise.js";
import { reduceSumSquare } from "../../ops/reduction.js";
import { numberWithin, refuse, show, wholeNumber } from "../../errors/check.js";
import type { Config } from "../config.js";
import { serializeObject } from "../serialize-object.js";
import { snakeCase } from "../names.js";
import type { LearningRateSchedule } from "../schedules/learning-rate-schedule.js";
import { resolveSchedule } from "../schedules/resolve-schedule.js";
import { applyGradients } from "./apply-gradients.js";
import type { Update, UpdateArguments, UpdateRule } from "./update-rule.js";
import { averageSlot, type OptimizerState } from "./optimizer-state.js";
import type { SymbolicTensor } from "../symbolic-tensor.js";
import type { Variable } from "../variable.js";
import type { Tensor } from "../../runtime/runtime.js";
import { Named } from "../named.js";

/** A step size: one number, or one that depends on the number of steps done. */
export type LearningRate = number | LearningRateSchedule;

/** Options that every optimizer has. */
export interface OptimizerOptions {
  /** Step size, a number from 0, or a schedule of it. */
  readonly learningRate?: LearningRate;
  /** Name; default: made from the class. */
  readonly name?: string;
  /** Share of each weight, times the learning rate, that is taken away before each step; default none. */
  readonly weightDecay?: number | undefined;
  /** Greatest Euclidean norm of the gradient of each weight by itself; default none. */
  readonly clipnorm?: number | undefined;
  /** Greatest absolute value of each element of gradients; default none. */
  readonly clipvalue?: number | undefined;
  /** Greatest Euclidean norm of all gradients together; default none. */
  readonly globalClipnorm?: number | undefined;
  /** Whether an exponential moving average of the weights is kept; default `false`. */
  readonly useEma?: boolean;
  /** How much of the average each step keeps, in [0, 1]; default 0.99. */
  readonly emaMomentum?: number;
  /** After how many steps the average replaces the weights; default: only at the end of `fit`. */
  readonly emaOverwriteFrequency?: number | undefined;
  /** Over how many steps gradients are averaged before weights change; default 1. */
  readonly gradientAccumulationSteps?: number | undefined;
}

/** Name of the slot that this class adds to those of the method, beside {@link averageSlot}. */
const accumulatorSlot = "gradient_accumulator";

function optional<T>(value: T | undefined, check: (value: T) => T): T | undefined {
  return value === undefined ? undefined : check(value);
}

/**
 * Changes weights by their gradients; its state lies in slots, tensors of the shape of each weight.
 *
 * What is common to all methods happens here, in Keras's order: accumulate gradients, clip, decay weights, the method's own
 * step, average the weights.
 */
export abstract class Optimizer extends Named implements UpdateRule {
  declare static fromConfig: (config: Config) => Optimizer;

  static {
    refuseFormerMembers(this, "An optimizer", { lr: "learningRate" });
  }

  static readonly options: readonly string[] = [
    "learningRate",
    "name",
    "weightDecay",
    "clipnorm",
    "clipvalue",
    "globalClipnorm",
    "useEma",
    "emaMomentum",
    "emaOverwriteFrequency",
    "gradientAccumulationSteps",
  ] satisfies readonly (keyof OptimizerOptions)[];
  /**
   * What it remembers from step to step; training and files read and write it.
   *
   * @internal
   */
  readonly state: OptimizerState = { step: 0, slots: new Map() };
  private rate: LearningRate;
  private stepsDone = 0;
  /** Name, such as `"rm_sprop"`. */
  readonly name: string;
  /** Greatest norm of all gradients together; {@link updateAll} takes care of it. */
  readonly globalClipnorm: number | undefined;
  /** Whether the slot `average` holds a moving average of the weight, which `fit` puts in its place at the end. */
  readonly useEma: boolean;
  private readonly weightDecay: number | undefined;
  private readonly clipnorm: number | undefined;
  private readonly clipvalue: number | undefined;
  private readonly emaMomentum: number;
  private readonly emaOverwriteFrequency: number | undefined;
  private readonly accumulationSteps: number | undefined;

  /** @throws UsageError when an option is not usable */
  protected constructor(learningRate: LearningRate, options: OptimizerOptions = {}) {
    super(options);
    // From a file it may be a schedule as Keras writes it.
    this.rate = typeof learningRate === "object" ? resolveSchedule(learningRate) : learningRate;
    if (typeof this.rate !== "object") checkRate(this.rate);
    const owner = this.className;
    const atLeastZero =
      (option: string) =>
      (value: number): number =>
        numberWithin(owner, option, value, 0);
    this.name = options.name ?? snakeCase(owner);
    this.weightDecay = optional(options.weightDecay, atLeastZero("weightDecay"));
    this.clipnorm = optional(options.clipnorm, atLeastZero("clipnorm"));
    this.clipvalue = optional(options.clipvalue, atLeastZero("clipvalue"));
    this.globalClipnorm = optional(options.globalClipnorm, atLeastZero("globalClipnorm"));
    const kinds = [this.clipnorm, this.clipvalue, this.globalClipnorm].filter((value) => value !== undefined);
    if (kinds.length > 1) {
      throw new UsageError(`${owner}: gradients can be clipped in one way only.`, {
        subject: owner,
        expected: "one of clipnorm, clipvalue and globalClipnorm",
        received: `${kinds.length} of them`,
      });
    }
    this.useEma = options.useEma ?? false;
    this.emaMomentum = numberWithin(owner, "emaMomentum", options.emaMomentum ?? 0.99, 0, 1);
    this.emaOverwriteFrequency = optional(options.emaOverwriteFrequency, (value) =>
      wholeNumber(owner, "emaOverwriteFrequency", value),
    );
    this.accumulationSteps = optional(options.gradientAccumulationSteps, (value) =>
      wholeNumber(owner, "gradientAccumulationSteps", value, 2),
    );
  }

  /**
   * Step size. A change takes effect at the next step. With a schedule it is that of the last step, and cannot be changed.
   */
  get learningRate(): number {
    if (typeof this.rate === "number") return this.rate;
    const rate = this.rate.at(this.stepsDone);
    checkRate(rate, ` that ${this.rate.className} gives after ${this.stepsDone} steps`);
    return rate;
  }

  set learningRate(value: number) {
    if (typeof this.rate !== "number") {
      throw new UsageError("The learning rate follows a schedule.", {
        subject: "learningRate",
        expected: "an optimizer with a learning rate of its own",
        received: this.rate.className,
        advice: "Give the optimizer a number in place of the schedule to change it by hand or by a callback.",
      });
    }
    checkRate(value);
    this.rate = value;
  }

  /**
   * The step size of a step; with a schedule, {@link learningRate} says it afterwards.
   *
   * @param step number of the step, from 1
   */
  learningRateAt(step: number): number {
    // Keras counts the updates of weights, of which gradient accumulation makes fewer than steps.
    this.stepsDone = Math.floor((step - 1) / (this.accumulationSteps ?? 1));
    return this.learningRate;
  }

  /** How often weights have been updated: steps, or with gradient accumulation rounds of them. */
  get iterations(): number {
    return Math.floor(this.state.step / (this.accumulationSteps ?? 1));
  }

  /** Names of the slots and the value that all of their elements start with. */
  get slots(): Readonly<Record<string, number>> {
    return {
      // A slot is a key: files have those that there are.
      ...this.methodSlots,
      ...(this.useEma ? { [averageSlot]: 0 } : {}),
      ...(this.accumulationSteps === undefined ? {} : { [accumulatorSlot]: 0 }),
    };
  }

  /**
   * The shape of a slot: that of the weight, unless the method says otherwise.
   *
   * @param slot its name
   * @param shape the weight's
   */
  slotShape(_slot: string, shape: readonly number[]): readonly number[] {
    return shape;
  }

  /**
   * Takes a step: changes weights by their gradients, and counts it. Inside of `trainStep` it is written down as a part of the
   * step; otherwise it is done when the promise is fulfilled.
   *
   * @param gradients what `GradientTape.gradient` gave for the weights, or arrays of their shapes
   * @param weights such as `model.trainableWeights`
   * @throws UsageError when there are not as many gradients as weights, or another training works on these
   * @see https://keras.io/api/optimizers/#apply-method
   *
   * @example
   * ```ts
   * import { GradientTape, layers, ops, optimizers, Tensor } from "graft-ml";
   *
   * const dense = new layers.Dense(1, { kernelInitializer: "ones" });
   * const tape = new GradientTape();
   * const loss = ops.sum(dense.apply(tape.watch(new Tensor("float32", [1, 2], [1, 2]))));
   * await new optimizers.SGD(0.5).apply(tape.gradient(loss, dense.trainableWeights), dense.trainableWeights);
   * console.log(dense.getWeights()[0]?.data); // → Float32Array(2) [ 0.5, 0 ]
   * ```
   */
  apply(gradients: readonly (SymbolicTensor | Tensor)[], weights: readonly Variable[]): Promise<void> {
    return applyGradients(this, gradients, weights);
  }

  /** {@link apply}, of pairs of a gradient and a weight, as Keras's `apply_gradients(zip(gradients, weights))`. */
  applyGradients(pairs: readonly (readonly [gradient: SymbolicTensor | Tensor, weight: Variable])[]): Promise<void> {
    const given: unknown = pairs;
    if (!Array.isArray(given) || !given.every((pair) => Array.isArray(pair))) {
      refuse(this.className, "pairs", "a list of [gradient, weight]", given);
    }
    return applyGradients(
      this,
      pairs.map(([gradient]) => gradient),
      pairs.map(([, weight]) => weight),
    );
  }

  /** The slots of the method itself. */
  protected abstract readonly methodSlots: Readonly<Record<string, number>>;

  /** Writes the method's own step for one weight: {@link Update} without what is common to all methods. */
  protected abstract method(args: UpdateArguments): Update;

  /** Writes the update of one weight as a graph. */
  update(args: UpdateArguments): Update {
    const every = this.accumulationSteps;
    return this.averaged(every === undefined ? this.stepped(args) : this.accumulated(args, every), args);
  }

  /** An update in every so many steps, by the mean of their gradients. */
  private accumulated(args: UpdateArguments, every: number): Update {
    const { slots, weight, step } = args;
    const sum = slotOf(slots, accumulatorSlot);
    const total = add(sum, args.gradient);
    const rounds = div(step, scalarLike(step, every));
    const due = equal(rounds, floor(rounds));
    const then = this.stepped({ ...args, gradient: div(total, scalarLike(total, every)), step: floor(rounds) });
    // Between updates everything stays as it was.
    const chosen = (changed: Value, old: Value): Value => where(due, changed, old);
    return {
      weight: chosen(then.weight, weight),
      slots: {
        ...Object.fromEntries(
          Object.entries(then.slots).map(([name, value]) => [name, chosen(value, slotOf(slots, name))]),
        ),
        [accumulatorSlot]: chosen(scalarLike(total, 0), total),
      },
    };
  }

  private stepped(args: UpdateArguments): Update {
    const { weight, learningRate } = args;
    const decayed =
      this.weightDecay === undefined
        ? weight
        : sub(weight, mul(weight, mul(learningRate, scalarLike(learningRate, this.weightDecay))));
    return this.method({ ...args, gradient: this.clipped(args.gradient), weight: decayed });
  }

  private clipped(gradient: Value): Value {
    if (this.clipvalue !== undefined) return clip(gradient, -this.clipvalue, this.clipvalue);
    if (this.clipnorm === undefined) return gradient;
    const norm = sqrt(reduceSumSquare(gradient, undefined, { keepdims: 0 }));
    const limit = scalarLike(norm, this.clipnorm);
    return div(mul(gradient, limit), max([norm, limit]));
  }

  private averaged(update: Update, { slots, step }: UpdateArguments): Update {
    if (!this.useEma) return update;
    const old = slotOf(slots, averageSlot);
    const number = (value: number): Value => scalarLike(step, value);
    // As in Keras, steps that only gather gradients are averaged too, and count as those of the update that they belong to.
    const every = this.accumulationSteps;
    const round = every === undefined ? step : add(floor(div(sub(step, number(1)), number(every))), number(1));
    // The first one takes the weight as it is.
    const kept = where(equal(round, number(1)), number(0), number(this.emaMomentum));
    const average = add(mul(old, kept), mul(update.weight, sub(number(1), kept)));
    const frequency = this.emaOverwriteFrequency;
    const rounds = frequency === undefined ? undefined : div(round, number(frequency));
    const weight = rounds === undefined ? update.weight : where(equal(rounds, floor(rounds)), average, update.weight);
    return { weight, slots: { ...update.slots, [averageSlot]: average } };
  }

  /** Keras's configuration, in snake_case. */
  getConfig(): Config {
    return {
      name: this.name,
      learning_rate:
        typeof this.rate === "number" ? this.rate : serializeObject("keras.optimizers.schedules", this.rate),
      weight_decay: this.weightDecay ?? null,
      clipnorm: this.clipnorm ?? null,
      global_clipnorm: this.globalClipnorm ?? null,
      clipvalue: this.clipvalue ?? null,
      use_ema: this.useEma,
      ema_momentum: this.emaMomentum,
      ema_overwrite_frequency: this.emaOverwriteFrequency ?? null,
      loss_scale_factor: null,
      gradient_accumulation_steps: this.accumulationSteps ?? null,
    };
  }
}

/** A slot that must be there. */
export function slotOf(slots: Readonly<Record<string, Value>>, name: string): Value {
  const slot = slots[name];
  if (slot === undefined) {
    throw new UsageError(`The optimizer lacks its slot "${name}".`, {
      subject: name,
      expected: "all slots of the optimizer",
      received: Object.keys(slots).join(", ") || "none",
    });
  }
  return slot;
}

/** @param whose what a schedule gave, in words: it may be a script's own, of which anything may come */
function checkRate(value: unknown, whose = ""): void {
  if (typeof value === "number" && value >= 0 && Number.isFinite(value)) return;
  throw new UsageError(`The learning rate${whose} is not usable.`, {
    subject: "learningRate",
    expected: "a finite number from 0",
    received: show(value),
  });
}
