import { ShapeError } from "../errors/errors.js";
import { type Dim, formatShape, type Shape, staticDim } from "../graph/shape.js";

/** Attributes that say how a window moves over the spatial axes; all of them may be absent. */
export interface WindowAttributes {
  /** `NOTSET` (default: `pads` holds), `SAME_UPPER`, `SAME_LOWER` or `VALID`. */
  readonly auto_pad?: string | undefined;
  /** Distance of the taps along each spatial axis; default 1. */
  readonly dilations?: readonly number[] | undefined;
  /** Margins: for each spatial axis at its beginning, then for each at its end; default 0. */
  readonly pads?: readonly number[] | undefined;
  /** Distance of neighbouring windows along each spatial axis; default 1. */
  readonly strides?: readonly number[] | undefined;
  /** 1: a last window that reaches over the end counts too; default 0. */
  readonly ceil_mode?: number | undefined;
}

/** How a window moves over the spatial axes, one number an axis, with nothing left to default. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly begins: readonly number[];
  readonly ends: readonly number[];
  /** How many windows there are. */
  readonly output: Shape;
}

/** Extent that a dilated kernel spans. */
export function span(kernel: number, dilation: number): number {
  return (kernel - 1) * dilation + 1;
}

/** A list with one number for each spatial axis, or the default. */
export function perAxis(
  operator: string,
  name: string,
  given: readonly number[] | undefined,
  length: number,
  fallback: number,
): readonly number[] {
  const numbers = given ?? Array.from({ length }, () => fallback);
  if (numbers.length !== length) {
    throw new ShapeError(`${operator}: "${name}" has the wrong length.`, {
      subject: operator,
      expected: `${length} numbers`,
      received: numbers.join(", "),
    });
  }
  return numbers;
}

/** Margins that `auto_pad` stands for, or `undefined` when the pads are given. */
export function automaticPads(
  operator: string,
  automatic: string | undefined,
  totals: () => readonly number[],
): { readonly begins: readonly number[]; readonly ends: readonly number[] } | undefined {
  switch (automatic ?? "NOTSET") {
    case "NOTSET":
      return undefined;
    case "VALID":
      return { begins: totals().map(() => 0), ends: totals().map(() => 0) };
    case "SAME_UPPER":
      return {
        begins: totals().map((total) => Math.floor(total / 2)),
        ends: totals().map((total) => Math.ceil(total / 2)),
      };
    case "SAME_LOWER":
      return {
        begins: totals().map((total) => Math.ceil(total / 2)),
        ends: totals().map((total) => Math.floor(total / 2)),
      };
    default:
      throw new ShapeError(`${operator}: there is no such auto_pad.`, {
        subject: operator,
        expected: "NOTSET, SAME_UPPER, SAME_LOWER or VALID",
        received: String(automatic),
      });
  }
}

/**
 * The windows over an input.
 *
 * @param operator whose windows they are, for messages
 * @param shape the input's, `[N, C, …spatial]`
 * @param kernel extent of the window along each spatial axis
 * @throws ShapeError when the lists have different lengths, or no window fits the input
 */
export function windowOf(
  operator: string,
  shape: Shape,
  kernel: readonly number[],
  attributes: WindowAttributes,
): Window {
  const rank = shape.length - 2;
  perAxis(operator, "kernel_shape", kernel, rank, 1);
  const strides = perAxis(operator, "strides", attributes.strides, rank, 1);
  const dilations = perAxis(operator, "dilations", attributes.dilations, rank, 1);
  const at = (numbers: readonly number[], axis: number): number => numbers[axis] ?? 1;
  const spans = kernel.map((extent, axis) => span(extent, at(dilations, axis)));
  const extentOf = (axis: number): number => staticDim(shape, axis + 2, operator);
  const given = perAxis(operator, "pads", attributes.pads, 2 * rank, 0);
  const { begins, ends } = automaticPads(operator, attributes.auto_pad, () =>
    attributes.auto_pad === "VALID"
      ? kernel.map(() => 0)
      : kernel.map((_, axis) => {
          const windows = Math.ceil(extentOf(axis) / at(strides, axis));
          return Math.max(0, (windows - 1) * at(strides, axis) + at(spans, axis) - extentOf(axis));
        }),
  ) ?? { begins: given.slice(0, rank), ends: given.slice(rank) };
  const output = kernel.map((_, axis): Dim => {
    const stride = at(strides, axis);
    const before = begins[axis] ?? 0;
    const margin = before + (ends[axis] ?? 0) - at(spans, axis);
    const symbol = shape[axis + 2];
    // An extent that stays as it is need not be known.
    if (typeof symbol === "string" && stride === 1 && margin === -1) return symbol;
    const extent = extentOf(axis);
    const steps = (extent + margin) / stride;
    if (steps < 0) {
      throw new ShapeError(`${operator}: the window is larger than the input.`, {
        subject: operator,
        expected: `a padded extent of ${at(spans, axis)} or more along axis ${axis + 2}`,
        received: formatShape(shape),
      });
    }
    if ((attributes.ceil_mode ?? 0) === 0) return Math.floor(steps) + 1;
    const windows = Math.ceil(steps) + 1;
    // A window that would begin in the margin at the end has nothing to look at.
    return (windows - 1) * stride >= extent + before ? windows - 1 : windows;
  });
  return { kernel, strides, dilations, begins, ends, output };
}

/** Positions of the taps of a kernel, the last axis fastest. */
export function tapsOf(kernel: readonly number[]): readonly (readonly number[])[] {
  return kernel.reduce<readonly (readonly number[])[]>(
    (taps, extent) => taps.flatMap((tap) => Array.from({ length: extent }, (_, position) => [...tap, position])),
    [[]],
  );
}
