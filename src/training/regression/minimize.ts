/** A function's value and its gradient at a point. */
export interface Evaluated {
  readonly value: number;
  readonly gradient: Float64Array;
}

/** How {@link minimize} goes. */
export interface MinimizeOptions {
  /** Ends where the largest component of the gradient is below this; default 1e-5. */
  readonly tolerance?: number;
  /** The most directions that are tried; default 500. */
  readonly iterations?: number;
  /** A step that lowers the value by a smaller share of it is the last; default 1e-6: what is left to gain is in the sixth digit. */
  readonly smallestGain?: number;
}

/** Where {@link minimize} has ended. */
export interface Minimum extends Evaluated {
  readonly point: Float64Array;
  /** How often the function was evaluated. */
  readonly evaluations: number;
}

/** Pairs of differences that stand for the curvature. */
const remembered = 10;
/** A step must lower the value by at least this share of what the slope promises … */
const sufficient = 1e-4;
/** … and flatten the slope to at most this share of what it was (weak Wolfe conditions). */
const flattened = 0.9;
/** Halvings and doublings after which a direction is given up. */
const lineSteps = 30;

/**
 * Finds the minimum of a smooth convex function with many variables: L-BFGS with a line search by bisection.
 *
 * A function that is computed in float32 has a floor of noise: the search ends there too, where no step lowers the value.
 *
 * @param evaluate the function and its gradient at a point of the length of `start`
 * @param start where to begin; it is not changed
 * @see https://en.wikipedia.org/wiki/Limited-memory_BFGS
 */
export async function minimize(
  evaluate: (point: Float64Array) => Promise<Evaluated>,
  start: Float64Array,
  { tolerance = 1e-5, iterations = 500, smallestGain = 1e-6 }: MinimizeOptions = {},
): Promise<Minimum> {
  let point: Float64Array = start.slice();
  let at = await evaluate(point);
  let evaluations = 1;
  const memory: Pair[] = [];
  for (let iteration = 0; iteration < iterations && largest(at.gradient) > tolerance; iteration++) {
    const direction = descent(at.gradient, memory);
    const slope = dot(at.gradient, direction);
    let [low, high] = [0, Number.POSITIVE_INFINITY];
    // Before anything is known of the curvature, a step of length 1 at most.
    let step = memory.length > 0 ? 1 : 1 / Math.max(1, Math.sqrt(dot(direction, direction)));
    let found: { readonly point: Float64Array; readonly at: Evaluated } | undefined;
    for (let tried = 0; tried < lineSteps; tried++) {
      const candidate = moved(point, direction, step);
      const there = await evaluate(candidate);
      evaluations += 1;
      // Written so that NaN counts as too far.
      if (!(there.value <= at.value + sufficient * step * slope)) {
        high = step;
      } else {
        found = { point: candidate, at: there };
        if (dot(there.gradient, direction) >= flattened * slope) break;
        low = step;
      }
      step = high === Number.POSITIVE_INFINITY ? 2 * low : (low + high) / 2;
    }
    if (found === undefined) {
      // Old curvature may mislead; without it, nothing lower can be told from noise.
      if (memory.length === 0) break;
      memory.length = 0;
      continue;
    }
    remember(memory, difference(found.point, point), difference(found.at.gradient, at.gradient));
    const gain = at.value - found.at.value;
    ({ point, at } = found);
    if (gain <= smallestGain * Math.abs(at.value)) break;
  }
  return { point, ...at, evaluations };
}

/** A step and the change of the gradient over it. */
interface Pair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  /** `1 / (step · change)` */
  readonly scale: number;
}

function remember(memory: Pair[], step: Float64Array, change: Float64Array): void {
  const product = dot(step, change);
  // Rounding can make it zero or less, which would turn a later direction upwards.
  if (product <= Number.EPSILON * dot(change, change)) return;
  memory.push({ step, change, scale: 1 / product });
  if (memory.length > remembered) memory.shift();
}

/** Minus the inverse Hessian, as the memory knows it, times the gradient. */
function descent(gradient: Float64Array, memory: readonly Pair[]): Float64Array {
  const direction = gradient.map((value) => -value);
  const shares = memory.toReversed().map(({ step, change, scale }) => {
    const share = scale * dot(step, direction);
    addTo(direction, change, -share);
    return share;
  });
  const last = memory.at(-1);
  if (last !== undefined) {
    const factor = 1 / (last.scale * dot(last.change, last.change));
    for (let index = 0; index < direction.length; index++) direction[index] = (direction[index] ?? 0) * factor;
  }
  for (const [index, { step, change, scale }] of memory.entries()) {
    addTo(direction, step, (shares[memory.length - 1 - index] ?? 0) - scale * dot(change, direction));
  }
  return direction;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] ?? 0) * (b[index] ?? 0);
  return sum;
}

function addTo(target: Float64Array, other: Float64Array, factor: number): void {
  for (let index = 0; index < target.length; index++)
    target[index] = (target[index] ?? 0) + factor * (other[index] ?? 0);
}

function moved(point: Float64Array, direction: Float64Array, step: number): Float64Array {
  return point.map((value, index) => value + step * (direction[index] ?? 0));
}

function difference(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, index) => value - (b[index] ?? 0));
}

function largest(gradient: Float64Array): number {
  return gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
