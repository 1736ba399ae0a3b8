import { expect, test } from "vitest";
import { gradients } from "../autodiff/gradients.js";
import { nodesInOrder } from "../graph/graph.js";
import { input } from "../graph/value.js";
import { relu } from "../ops/activations.js";
import { matmul } from "../ops/matmul.js";
import { reduceSum } from "../ops/reduction.js";
import { prepare } from "./prepare.js";

test("gradients share what the forward pass has computed once the graph is prepared", () => {
  const [a, w] = [input("a", "float32", ["N", 5]), input("w", "float32", [5, 5])];
  const loss = reduceSum(relu(matmul(a, w)), undefined, { keepdims: 0 });
  const prepared = prepare({ loss, ...Object.fromEntries(gradients(loss, [w]).entries()) });
  const ops = nodesInOrder(Object.values(prepared)).map(({ op }) => op);
  expect(ops.filter((op) => op === "MatMul")).toHaveLength(1);
  expect(ops.filter((op) => op === "Relu")).toHaveLength(1);
});
