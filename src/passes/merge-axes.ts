import { dimAt, dimProduct } from "../graph/shape.js";
import type { Value } from "../graph/value.js";
import { transpose } from "../ops/layout.js";
import { canReshape, reshapeTo } from "../ops/reshape.js";

/** Axes that stay next to each other in their order, as one group each, in the order of the result. */
function groupsOf(perm: readonly number[]): number[][] {
  const groups: number[][] = [];
  for (const axis of perm) {
    const last = groups.at(-1);
    if (last?.at(-1) === axis - 1) last.push(axis);
    else groups.push([axis]);
  }
  return groups;
}

/** From channels first to channels last of pictures, and back. */
const channelMoves: readonly string[] = ["0,2,3,1", "0,3,1,2"];

/**
 * A Transpose over as few axes as possible: axes that move together are one axis, and those of extent 1 none. `[N, C, H, W]` to
 * `[H, W, N, C]` is the transpose of a matrix `[N · C, H · W]`, for which ONNX Runtime has a fast routine: 20×256×37×37 in 5 ms
 * instead of 34, in the time of a copy. That of a matrix beside a Gemm it reads in place.
 *
 * One that only moves the channels of pictures stays as it is: beside a convolution with constant weights ONNX Runtime does it with the
 * reordering that it needs there anyway, which saves 8 % of a frozen ConvNeXt-Atto, and elsewhere it takes as long as the
 * merged one.
 *
 * @returns `undefined` where there is nothing to merge, or too little is known of the shape
 */
export function transposeMerged(x: Value, perm: readonly number[]): Value | undefined {
  const long = x.shape.flatMap((dim, axis) => (dim === 1 ? [] : [axis]));
  if (long.length === perm.length && channelMoves.includes(perm.join())) return undefined;
  const target = perm.map((axis) => dimAt(x.shape, axis));
  const groups = groupsOf(perm.filter((axis) => long.includes(axis)).map((axis) => long.indexOf(axis)));
  if (groups.length === perm.length) return undefined;
  if (groups.length < 2) return canReshape(x.shape, target) ? reshapeTo(x, target) : undefined;
  const before = groups.toSorted((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
  const merged = before.map((axes) => dimProduct(axes.map((axis) => dimAt(x.shape, long[axis] ?? axis))));
  const order = groups.map((axes) => before.indexOf(axes));
  const turned = order.map((group) => merged[group] ?? 1);
  if (!canReshape(x.shape, merged) || !canReshape(turned, target)) return undefined;
  return reshapeTo(transpose(reshapeTo(x, merged), { perm: order }), target);
}
