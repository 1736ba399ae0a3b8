import { scalarLike } from "../../ops/constants.js";
import { add, div, max, min, mul, pow, sqrt, square, sub } from "../../ops/elementwise.js";
import { unsqueeze } from "../../ops/layout.js";
import { reduceMean } from "../../ops/reduction.js";
import { numberWithin } from "../../errors/check.js";
import type { Config } from "../config.js";
import { type LearningRate, Optimizer, type OptimizerOptions, slotOf } from "./optimizer.js";
import type { Update, UpdateArguments } from "./update-rule.js";
import type { Value } from "../../graph/value.js";
import { byName, type ByPosition } from "../named.js";

/** Options of {@link Adafactor}. */
export interface AdafactorOptions extends OptimizerOptions {
  /** Exponent of the decay, not positive; default -0.8. */
  readonly beta2Decay?: number;
  /** Added to squares of gradients; default 1e-30. */
  readonly epsilon1?: number;
  /** Least size of a weight; default 1e-3. */
  readonly epsilon2?: number;
  /** Greatest root mean square of a step, relative to the rate; default 1. */
  readonly clipThreshold?: number;
  /** Whether the rate falls as 1 / √t; default `true`. */
  readonly relativeStep?: boolean;
}

/**
 * Adam's mean square as the product of a column and a row of means, for weights of rank 2 and more; steps relative to the
 * size of the weight, clipped by their root mean square.
 *
 * `β = 1 − t^decay`, `r ← β r + (1 − β) mean(g², -1)`, `c ← β c + (1 − β) mean(g², -2)`, `v = r c / mean(r)`, `u = g / √v`,
 * `w ← w − max(ε₂, rms(w)) · min(η, 1 / √t) · u / max(1, rms(u) / threshold)`.
 *
 * @see https://arxiv.org/abs/1804.04235
 */
export class Adafactor extends Optimizer {
  static readonly className: string = "Adafactor";
  static readonly positional: readonly string[] = ["learningRate"];
  static readonly following: readonly string[] = [
    "beta2Decay",
    "epsilon1",
    "epsilon2",
    "clipThreshold",
    "relativeStep",
    "weightDecay",
    "clipnorm",
    "clipvalue",
    "globalClipnorm",
    "useEma",
    "emaMomentum",
    "emaOverwriteFrequency",
  ];
  static override readonly options: readonly string[] = [
    "beta2Decay",
    "epsilon1",
    "epsilon2",
    "clipThreshold",
    "relativeStep",
  ] satisfies readonly (keyof AdafactorOptions)[];
  private readonly beta2Decay: number;
  private readonly epsilon1: number;
  private readonly epsilon2: number;
  private readonly clipThreshold: number;
  private readonly relativeStep: boolean;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<
      AdafactorOptions,
      [
        "learningRate",
        "beta2Decay",
        "epsilon1",
        "epsilon2",
        "clipThreshold",
        "relativeStep",
        "weightDecay",
        "clipnorm",
        "clipvalue",
        "globalClipnorm",
        "useEma",
        "emaMomentum",
        "emaOverwriteFrequency",
      ]
    >
  );
  /**
   * @param learningRate the step size, or all options; default 0.001
   * @throws UsageError when an option is not usable
   */
  constructor(learningRate?: LearningRate | AdafactorOptions, options?: AdafactorOptions);
  constructor(...given: readonly unknown[]) {
    const all = byName<AdafactorOptions>(Adafactor, given);
    super(all.learningRate ?? 0.001, all);
    this.beta2Decay = numberWithin("Adafactor", "beta2Decay", all.beta2Decay ?? -0.8, -Infinity, 0);
    this.epsilon1 = numberWithin("Adafactor", "epsilon1", all.epsilon1 ?? 1e-30, 0);
    this.epsilon2 = numberWithin("Adafactor", "epsilon2", all.epsilon2 ?? 0.001, 0);
    this.clipThreshold = numberWithin("Adafactor", "clipThreshold", all.clipThreshold ?? 1, 0);
    this.relativeStep = all.relativeStep ?? true;
  }

  protected get methodSlots(): Readonly<Record<string, number>> {
    return { r: 0, c: 0, velocity: 0 };
  }

  override slotShape(slot: string, shape: readonly number[]): readonly number[] {
    if (slot !== "r" && slot !== "c") return shape;
    if (shape.length < 2) return [];
    return slot === "r" ? shape.slice(0, -1) : [...shape.slice(0, -2), ...shape.slice(-1)];
  }

  protected method({ weight, gradient, slots, learningRate, step }: UpdateArguments): Update {
    const number = (value: number): Value => scalarLike(weight, value);
    const { rank } = weight;
    // Both of Keras's settings of relativeStep end in this minimum.
    const rate = min([learningRate, div(number(1), sqrt(step))]);
    const rms = (x: Value): Value => sqrt(reduceMean(square(x), undefined, { keepdims: 0 }));
    const size = mul(max([number(this.epsilon2), rms(weight)]), rate);
    const squares = add(square(gradient), number(this.epsilon1));
    const fresh = pow(step, number(this.beta2Decay));
    const moved = (slot: string, value: Value): Value =>
      add(mul(sub(number(1), fresh), slotOf(slots, slot)), mul(fresh, value));
    const factors =
      rank < 2
        ? { r: slotOf(slots, "r"), c: slotOf(slots, "c") }
        : {
            r: moved("r", reduceMean(squares, [rank - 1], { keepdims: 0 })),
            c: moved("c", reduceMean(squares, [rank - 2], { keepdims: 0 })),
          };
    const { r, c } = factors;
    const velocity =
      rank < 2
        ? moved("velocity", squares)
        : mul(unsqueeze(div(r, reduceMean(r, [rank - 2], { keepdims: 1 })), [rank - 1]), unsqueeze(c, [rank - 2]));
    const direction = div(gradient, sqrt(velocity));
    const clipped = div(direction, max([number(1), div(rms(direction), number(this.clipThreshold))]));
    return { weight: sub(weight, mul(size, clipped)), slots: { r, c, velocity } };
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      beta_2_decay: this.beta2Decay,
      epsilon_1: this.epsilon1,
      epsilon_2: this.epsilon2,
      clip_threshold: this.clipThreshold,
      relative_step: this.relativeStep,
    };
  }
}
