import { gradients } from "../../src/autodiff/gradients.js";
import type { Shape } from "../../src/graph/shape.js";
import { input, type Value } from "../../src/graph/value.js";
import { allocate, elementCount, type ElementType, type TensorData } from "../../src/onnx/tensor-data.js";
import type { OpRow } from "../../src/ops/define.js";
import { add, mul } from "../../src/ops/elementwise.js";
import { reduceSum } from "../../src/ops/reduction.js";
import { Generator } from "../../src/random/generator.js";
import type { Tensor } from "../../src/runtime/runtime.js";
import { type Runtime, type Session, toTensor } from "../../src/runtime/runtime.js";
import { createSession } from "../../src/runtime/session.js";

/**
 * How an input's numbers are drawn.
 *
 * - a range: uniformly from it;
 * - `away`: uniformly from [-2, 2], but no nearer than {@link margin} to the given kinks;
 * - `distinct`: a shuffled ladder of rungs two {@link margin}s apart, so that the elements' order does not change; the
 *   number shifts the ladder, so that two operands' rungs can lie between each other;
 * - `values`: these ones.
 */
export type Numbers =
  | { readonly range: readonly [low: number, high: number] }
  | { readonly away: readonly number[] }
  | { readonly distinct: number }
  | { readonly values: readonly number[] };

/** Distance from a kink: more than the largest step to either side, which is 2 · 1/16. */
export const margin = 0.25;

/** One input of an operator under test. */
export interface Operand {
  /** Extents when the graph runs. */
  readonly dims: readonly number[];
  /** Extents when it is built; default `dims`. */
  readonly shape?: Shape;
  /** Default uniformly from [-1, 1]. */
  readonly numbers?: Numbers;
  /** Set for an input that is not differentiated: masks, indices. */
  readonly fixed?: ElementType;
  /** Whether the operator is linear in this input while the others stay: then the adjoint identity is tested too. */
  readonly linear?: boolean;
}

/** One call of an operator, with the extents of its inputs. */
export interface Case {
  readonly inputs: readonly Operand[];
  readonly build: (...inputs: Value[]) => Value | readonly Value[];
  /** `float32` for an operator without a float64 kernel in ONNX Runtime's CPU provider; default `float64`. */
  readonly precision?: "float32" | "float64" | undefined;
}

/** A comparison that failed. */
export interface Mismatch {
  readonly input: number;
  readonly test: "differences" | "adjoint";
  /** ⟨w, derivative of y along v⟩, measured. */
  readonly measured: number;
  /** ⟨gradient, v⟩, as the rule says. */
  readonly claimed: number;
  readonly allowed: number;
}

/**
 * What may differ, as a part of the larger of |⟨g, v⟩| and ‖g ∘ v‖.
 *
 * The differences are of fourth order: their error is h⁴/30 times the fifth derivative along the direction, 1e-13 for the
 * step of float64 and 1e-6 for that of float32, beside rounding, which {@link rounding} estimates. Where the operator is
 * linear, or multilinear, in an input there is no error of the step at all. So a rule wrong by 0.1 % stands out by a
 * factor of five at least.
 */
const tolerance = { float64: 1e-7, float32: 2e-4 } as const;
/** Steps: powers of two, with which inputs and steps on a grid of 2⁻⁷ add up without rounding. */
const step = { float64: 2 ** -9, float32: 2 ** -4 } as const;
/** Distance of neighbouring numbers at 1. */
const epsilon = { float64: 2 ** -52, float32: 2 ** -23 } as const;

/** A number on a grid of 2⁻⁷, so that sums with steps are exact. */
function onGrid(number: number): number {
  return Math.round(number * 128) / 128;
}

function draw(numbers: Numbers, count: number, random: Generator): number[] {
  if ("values" in numbers) return [...numbers.values];
  if ("distinct" in numbers) {
    const ladder = Array.from(
      { length: count },
      (_, rung) => (rung - Math.floor(count / 2)) * 2 * margin + numbers.distinct,
    );
    return random.shuffle(ladder);
  }
  return Array.from({ length: count }, () => {
    if ("range" in numbers) return onGrid(random.uniform(...numbers.range));
    for (;;) {
      const number = onGrid(random.uniform(-2, 2));
      if (numbers.away.every((kink) => Math.abs(number - kink) >= margin)) return number;
    }
  });
}

function tensor(type: ElementType, dims: readonly number[], numbers: readonly number[]): Tensor {
  const data: TensorData["data"] = allocate(type, elementCount(dims));
  numbers.forEach((number, index) => (data[index] = data instanceof BigInt64Array ? BigInt(number) : number));
  return toTensor({ type, dims, data });
}

function numbersOf(value: Tensor | undefined): number[] {
  return Array.from(value?.data as Float64Array, Number);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, number, index) => sum + number * (b[index] ?? 0), 0);
}

function norm(a: readonly number[]): number {
  return Math.sqrt(dot(a, a));
}

/**
 * Compares the gradients of one case with fourth-order central differences along directions, and for linear inputs with the adjoint
 * identity ⟨A v, w⟩ = ⟨v, Aᵀ w⟩.
 *
 * Two directions an input: a random one, and one that has the signs of the claimed gradient, along which nothing
 * cancels, so that a wrong factor shows in full.
 *
 * @param rules other rules than the table's, to test the checker itself
 * @returns what did not agree
 */
export async function check(
  runtime: Runtime,
  { inputs, build, precision = "float64" }: Case,
  seed: number,
  rules?: (op: string) => OpRow,
): Promise<Mismatch[]> {
  const random = new Generator(seed);
  const values = inputs.map(({ dims, shape, fixed }, index) => input(`x${index}`, fixed ?? precision, shape ?? dims));
  const built = build(...values);
  const outputs = built instanceof Array ? built : [built];
  const cotangents = outputs.map((output, index) => input(`w${index}`, output.type, output.shape));
  const differentiated = inputs.flatMap((operand, index) => (operand.fixed === undefined ? [index] : []));

  // Σ ⟨y, w⟩ makes a scalar of any number of outputs; the cotangents are those of one output where there is only one.
  const inner = outputs.map((output, index) =>
    reduceSum(mul(output, cotangents[index] ?? output), undefined, { keepdims: 0 }),
  );
  const [first] = outputs;
  const [cotangent] = cotangents;
  const only = outputs.length === 1 && first !== undefined && cotangent !== undefined;
  const wanted = values.filter((_, index) => differentiated.includes(index));
  const options = rules === undefined ? {} : { rules };
  const claimed = only
    ? gradients(first, wanted, { ...options, cotangent })
    : gradients(inner.reduce(add), wanted, options);

  const session = await createSession(
    runtime,
    Object.fromEntries([
      ...outputs.map((value, index) => [`y${index}`, value] as const),
      ...claimed.map((value, index) => [`g${index}`, value] as const),
    ]),
    { inputs: [...values, ...cotangents] },
  );
  try {
    return await compare(session, { inputs, precision, outputs, differentiated, random });
  } finally {
    await session.release();
  }
}

interface Comparison {
  readonly inputs: readonly Operand[];
  readonly precision: "float32" | "float64";
  readonly outputs: readonly Value[];
  readonly differentiated: readonly number[];
  readonly random: Generator;
}

async function compare(session: Session, comparison: Comparison): Promise<Mismatch[]> {
  const { inputs, precision, outputs, differentiated, random } = comparison;
  const start = inputs.map(({ dims, numbers = { range: [-1, 1] } }) => draw(numbers, elementCount(dims), random));
  const given = (points: readonly (readonly number[])[]): Record<string, Tensor> =>
    Object.fromEntries(
      inputs.map(({ dims, fixed }, index) => [`x${index}`, tensor(fixed ?? precision, dims, points[index] ?? [])]),
    );
  const extents = outputs.map(({ shape }) =>
    shape.map((dim) => (typeof dim === "number" ? dim : extentOf(dim, inputs))),
  );
  const weights = extents.map((dims) => draw({ range: [-1, 1] }, elementCount(dims), random));
  const cotangents = Object.fromEntries(
    extents.map((dims, index) => [`w${index}`, tensor(precision, dims, weights[index] ?? [])]),
  );
  const run = async (points: readonly (readonly number[])[]): Promise<Record<string, Tensor>> =>
    session.run({ ...given(points), ...cotangents });
  const weighted = (result: Record<string, Tensor>): number[] =>
    outputs.flatMap((_, index) => {
      const weight = weights[index] ?? [];
      return numbersOf(result[`y${index}`]).map((number, element) => number * (weight[element] ?? 0));
    });

  const base = await run(start);
  outputs.forEach(({ type }, index) => {
    const y = base[`y${index}`];
    if (y?.type !== type || y.dims.join() !== extents[index]?.join()) {
      throw new Error(
        `inferred ${type} [${extents[index]?.join(", ")}], the engine made ${y?.type} [${y?.dims.join(", ")}]`,
      );
    }
  });
  const rounding = (16 * epsilon[precision] * norm(weighted(base))) / step[precision];
  const mismatches: Mismatch[] = [];
  const expectEqual = (input: number, test: Mismatch["test"], measured: number, terms: readonly number[]): void => {
    const claimed = terms.reduce((sum, term) => sum + term, 0);
    const allowed = tolerance[precision] * Math.max(Math.abs(claimed), norm(terms)) + rounding;
    // Written so that NaN counts as a mismatch.
    if (!(Math.abs(measured - claimed) <= allowed)) mismatches.push({ input, test, measured, claimed, allowed });
  };

  for (const [position, index] of differentiated.entries()) {
    const gradient = numbersOf(base[`g${position}`]);
    const point = start[index] ?? [];
    const anywhere = draw({ range: [-1, 1] }, point.length, random);
    const uphill = anywhere.map(
      (number, element) => onGrid((1 + Math.abs(number)) / 2) * Math.sign(gradient[element] ?? 0),
    );
    for (const direction of [anywhere, uphill]) {
      const terms = gradient.map((number, element) => number * (direction[element] ?? 0));
      const h = step[precision];
      const along = async (distance: number): Promise<number> => {
        const moved = point.map((number, element) => number + distance * (direction[element] ?? 0));
        const sums = weighted(await run(start.map((numbers, other) => (other === index ? moved : numbers))));
        return sums.reduce((sum, term) => sum + term, 0);
      };
      const near = (await along(h)) - (await along(-h));
      const far = (await along(2 * h)) - (await along(-2 * h));
      expectEqual(index, "differences", (8 * near - far) / (12 * h), terms);
    }
    if (inputs[index]?.linear === true) {
      const at = (numbers: readonly number[]): Promise<Record<string, Tensor>> =>
        run(start.map((other, place) => (place === index ? numbers : other)));
      const image = weighted(await at(anywhere));
      const origin = weighted(await at(anywhere.map(() => 0)));
      const measured = image.reduce((sum, term, element) => sum + term - (origin[element] ?? 0), 0);
      expectEqual(
        index,
        "adjoint",
        measured,
        gradient.map((number, element) => number * (anywhere[element] ?? 0)),
      );
    }
  }
  return mismatches;
}

/** The extent that a symbol such as `81*N` has, given what the inputs' symbols stand for. */
function extentOf(symbol: string, inputs: readonly Operand[]): number {
  return symbol.split("*").reduce((product, factor) => {
    if (/^\d+$/.test(factor)) return product * Number(factor);
    for (const { dims, shape } of inputs) {
      const axis = shape?.indexOf(factor) ?? -1;
      if (axis >= 0) return product * (dims[axis] ?? 1);
    }
    throw new RangeError(`no input has the extent "${factor}"`);
  }, 1);
}
