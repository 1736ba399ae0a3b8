import { expect, test } from "vitest";
import { input, type Value } from "../../graph/value.js";
import { integers } from "../../ops/constants.js";
import { add } from "../../ops/elementwise.js";
import { concat, split } from "../../ops/joining.js";
import { expand, shapeOp, squeeze, transpose } from "../../ops/layout.js";
import { matmul } from "../../ops/matmul.js";
import { reduceMean } from "../../ops/reduction.js";
import { reshapeTo } from "../../ops/reshape.js";
import { softmax } from "../../ops/softmax.js";
import { freezeBoundary } from "./boundary.js";

const weight = input("w", "float32", [8, 8]);

/** Attention as networks write it: `[N, T, 8]`, split into queries, keys and values of two heads. */
function attention(x: Value): Value {
  const tokens = x.shape[1] ?? 1;
  const all = reshapeTo(concat([x, x, x], { axis: 2 }), ["N", tokens, 3, 2, 4]);
  const apart = split(transpose(all, { perm: [2, 0, 3, 1, 4] }), [1, 1, 1], { axis: 0 });
  const [q, k, v] = apart.map((part) => squeeze(part, [0]));
  if (q === undefined || k === undefined || v === undefined) return x;
  const weights = softmax(matmul(q, transpose(k, { perm: [0, 1, 3, 2] })), { axis: -1 });
  return reshapeTo(transpose(matmul(weights, v), { perm: [0, 2, 1, 3] }), ["N", tokens, 8]);
}

test("attention that is frozen lies before the boundary, though its samples are not its first axis", () => {
  const x = input("x", "float32", ["N", 5, 8]);
  const frozen = attention(x);
  expect(freezeBoundary([matmul(frozen, weight)], [x], [weight])).toEqual([frozen]);
});

test("windows of pictures lie before it too", () => {
  const x = input("x", "float32", ["N", 4, 4, 8]);
  const apart = transpose(reshapeTo(x, ["N", 2, 2, 2, 2, 8]), { perm: [0, 1, 3, 2, 4, 5] });
  const windows = softmax(reshapeTo(apart, ["4*N", 4, 8]), { axis: -1 });
  const whole = reshapeTo(transpose(reshapeTo(windows, ["N", 2, 2, 2, 2, 8]), { perm: [0, 1, 3, 2, 4, 5] }), [
    "N",
    4,
    4,
    8,
  ]);
  expect(freezeBoundary([matmul(whole, weight)], [x], [weight])).toEqual([whole]);
});

test("what cannot be kept sample by sample is computed again from what can", () => {
  const x = input("x", "float32", ["N", 5, 8]);
  const kept = attention(x);
  const turned = transpose(kept, { perm: [1, 0, 2] });
  expect(freezeBoundary([matmul(turned, weight)], [x], [weight])).toEqual([kept]);
});

test("a class token that is spread over the samples does not end what is frozen", () => {
  const x = input("x", "float32", ["N", 5, 8]);
  const shape = concat([shapeOp(x, { start: 0, end: 1 }), integers([1, 8])], { axis: 0 });
  const token = expand(input("token", "float32", [1, 1, 8]), shape);
  const all = attention(concat([token, x], { axis: 1 }));
  expect(freezeBoundary([matmul(all, weight)], [x], [weight])).toEqual([all]);
});

test("samples that are mixed are behind it: means over the batch, and products of samples with each other", () => {
  const x = input("x", "float32", ["N", 8]);
  const centred = add(x, reduceMean(x, [0]));
  expect(freezeBoundary([matmul(centred, weight)], [x], [weight])).toEqual([x]);
  const alike = matmul(softmax(matmul(x, transpose(x, { perm: [1, 0] }))), x);
  expect(freezeBoundary([matmul(alike, weight)], [x], [weight])).toEqual([x]);
  const along = transpose(softmax(transpose(x, { perm: [1, 0] }), { axis: 1 }), { perm: [1, 0] });
  expect(freezeBoundary([matmul(along, weight)], [x], [weight])).toEqual([x]);
});
