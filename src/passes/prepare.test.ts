import { expect, test } from "vitest";
import { gradients } from "../autodiff/gradients.js";
import { nodesInOrder } from "../graph/graph.js";
import { input, producer } from "../graph/value.js";
import { relu } from "../ops/activations.js";
import { mul } from "../ops/elementwise.js";
import { transpose } from "../ops/layout.js";
import { gemm, matmul } from "../ops/matmul.js";
import { reduceSum } from "../ops/reduction.js";
import { reshapeTo } from "../ops/reshape.js";
import { prepare } from "./prepare.js";

test("gradients share what the forward pass has computed once the graph is prepared", () => {
  const [a, w] = [input("a", "float32", ["N", 5]), input("w", "float32", [5, 5])];
  const loss = reduceSum(relu(matmul(a, w)), undefined, { keepdims: 0 });
  const prepared = prepare({ loss, ...Object.fromEntries(gradients(loss, [w]).entries()) });
  const ops = nodesInOrder(Object.values(prepared)).map(({ op }) => op);
  expect(ops.filter((op) => op === "MatMul")).toHaveLength(1);
  expect(ops.filter((op) => op === "Relu")).toHaveLength(1);
});

test("operands of a result that ends with an axis of extent 1 get its rank, in which the engine multiplies quickly", () => {
  const [rate, kernel] = [input("rate", "float32", []), input("kernel", "float32", [8, 4, 1, 1])];
  const { y, z } = prepare({ y: mul(rate, kernel), z: mul(rate, input("b", "float32", [8, 4])) });
  const shapes = (value: typeof y): unknown => value && producer(value)?.inputs.map((operand) => operand?.shape.join());
  expect(shapes(y)).toEqual(["1,1,1,1", "8,4,1,1"]);
  expect(shapes(z)).toEqual(["", "8,4"]);
});

test("the kernel of a 1×1 convolution stands transposed right before the product, which reads it in place", () => {
  const [x, kernel] = [input("x", "float32", ["N", 4]), input("kernel", "float32", [8, 4, 1, 1])];
  const turned = transpose(kernel, { perm: [2, 3, 1, 0] });
  const { y } = prepare({ y: gemm(x, reshapeTo(turned, [4, 8])) });
  const before = producer(y ?? x)?.inputs[1];
  expect(before && producer(before)?.op).toBe("Transpose");
  expect(before && producer(before)?.inputs[0]?.shape).toEqual([8, 4]);
});

test("a Transpose that moves the channels of pictures stays whole, for the engine to see", () => {
  const x = input("x", "float32", ["N", 4, 5, 6]);
  const { y, z } = prepare({
    y: transpose(x, { perm: [0, 2, 3, 1] }),
    z: transpose(x, { perm: [2, 3, 0, 1] }),
  });
  expect(nodesInOrder([y ?? x]).map(({ op }) => op)).toEqual(["Transpose"]);
  expect(nodesInOrder([z ?? x]).map(({ op }) => op)).toEqual(["Reshape", "Transpose", "Reshape"]);
});
