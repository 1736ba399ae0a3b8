import { refuse } from "../../../errors/check.js";

/** One number, or the lower and the upper bound. */
export type Factor = number | readonly number[];

/** A lower and an upper bound. */
export type Bounds = readonly [low: number, high: number];

/** Two numbers, in the given order. */
export function twoNumbers(owner: string, option: string, value: unknown): Bounds {
  const [first, second, ...others]: readonly unknown[] = Array.isArray(value) ? (value as unknown[]) : [];
  if (typeof first === "number" && typeof second === "number" && others.length === 0) return [first, second];
  return refuse(owner, option, "two numbers", value);
}

/** Two numbers, the smaller one first. */
export function sortedRange(owner: string, option: string, value: unknown): Bounds {
  const [first, second] = twoNumbers(owner, option, value);
  return first <= second ? [first, second] : [second, first];
}

/** Within what a factor must lie, and what one number stands for. */
interface FactorRules {
  readonly low: number;
  readonly high: number;
  /** Whether `low` itself lies outside; default `false`. */
  readonly above?: boolean;
  /** Whether both of two numbers must lie within; default: they must not both lie on one side outside, as in Keras. */
  readonly strict?: boolean;
  /** The bounds that one number means; default from `−factor`, but not below `low`, to `factor`. */
  readonly single?: (factor: number) => Bounds;
}

/**
 * The bounds that a factor means.
 *
 * @throws UsageError when it is neither a number nor two numbers, or lies outside
 */
export function factorBounds(
  owner: string,
  option: string,
  value: unknown,
  { low, high, above = false, strict = false, single = (factor) => [Math.max(-factor, low), factor] }: FactorRules,
): Bounds {
  const fits = (number: unknown): number is number =>
    typeof number === "number" && (above ? number > low : number >= low) && number <= high;
  if (typeof value === "number" && fits(value)) {
    const [first, second] = single(Math.abs(value));
    return [first === 0 ? 0 : first, second];
  }
  if (Array.isArray(value) && value.length === 2 && value.every((bound) => typeof bound === "number")) {
    const [first = 0, second = 0] = value;
    if (strict ? fits(first) && fits(second) : first <= high && second >= low) return sortedRange(owner, option, value);
  }
  const bounds = above ? `above ${low} and at most ${high}` : `from ${low} to ${high}`;
  return refuse(owner, option, `a number ${bounds}, or two of them`, value);
}

/** What one number means for layers that go both ways: from `−factor` to `factor`. */
export function bothWays(factor: number): Bounds {
  return [-factor, factor];
}
