import { UsageError } from "../../errors/errors.js";
import { numberWithin, numbers } from "../../errors/check.js";
import type { Config } from "../config.js";
import { LearningRateSchedule } from "./learning-rate-schedule.js";
import { byName, type ByPosition } from "../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["name"] as const;

/** One rate up to each boundary, and one behind the last. @see https://keras.io/api/optimizers/learning_rate_schedules/ */
export class PiecewiseConstantDecay extends LearningRateSchedule {
  static override readonly className: string = "PiecewiseConstantDecay";
  static readonly positional: readonly string[] = ["boundaries", "values"];
  static readonly following: readonly string[] = following;
  static readonly options: readonly string[] = ["name"];
  private readonly boundaries: readonly number[];
  private readonly values: readonly number[];
  private readonly name: string;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<
      { readonly name?: string } & { readonly boundaries: readonly number[]; readonly values: readonly number[] },
      typeof following,
      ["boundaries", "values"]
    >
  );
  /**
   * @param boundaries numbers of steps, rising; a step that equals one still has the rate before it
   * @param values the rates, one more than boundaries
   * @throws UsageError when the numbers do not fit
   */
  constructor(boundaries: readonly number[], values: readonly number[], options?: { readonly name?: string });
  /** All of them by name, as Keras's keyword arguments. */
  constructor(
    options: { readonly name?: string } & {
      readonly boundaries: readonly number[];
      readonly values: readonly number[];
    },
  );
  constructor(...given: readonly unknown[]) {
    const { boundaries, values, ...options } = byName<
      { readonly name?: string } & { readonly boundaries: readonly number[]; readonly values: readonly number[] }
    >(PiecewiseConstantDecay, given);
    super(options);
    numbers("PiecewiseConstantDecay", "boundaries", boundaries);
    numbers("PiecewiseConstantDecay", "values", values);
    if (values.length !== boundaries.length + 1) {
      throw new UsageError("PiecewiseConstantDecay: boundaries and values do not fit.", {
        subject: "values",
        expected: `${boundaries.length + 1} rates for ${boundaries.length} boundaries`,
        received: String(values.length),
      });
    }
    this.boundaries = boundaries;
    this.values = values.map((value) => numberWithin("PiecewiseConstantDecay", "values", value, 0));
    this.name = options.name ?? "PiecewiseConstant";
  }

  at(step: number): number {
    const index = this.boundaries.findIndex((boundary) => step <= boundary);
    return this.values.at(index) ?? 0;
  }

  override getConfig(): Config {
    return { boundaries: this.boundaries, values: this.values, name: this.name };
  }
}
