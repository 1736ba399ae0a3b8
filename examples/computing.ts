/**
 * A layer and a loss of one's own, a dataset, and the gradient of a loss by the pixels: what docs/library.md shows.
 *
 *     npx tsx examples/computing.ts
 */
import { Dataset, GradientTape, layers, models, ops, saving, Tensor } from "graft-ml";
import type { SymbolicTensor, Variable } from "graft-ml";

class Scale extends layers.Layer {
  static readonly className: string = "Scale";
  private factor?: Variable;

  override build(): void {
    this.factor = this.addWeight({ shape: [], initializer: "ones", name: "factor" });
  }

  override call(x: SymbolicTensor): SymbolicTensor {
    return ops.multiply(x, this.factor ?? 1);
  }
}
saving.registerKerasSerializable({ package: "mine" })(Scale);

const closeness = (yTrue: SymbolicTensor, yPred: SymbolicTensor): SymbolicTensor =>
  ops.mean(ops.abs(ops.subtract(yTrue, yPred)), { axis: -1 });

const images = new Tensor(
  "float32",
  Float32Array.from({ length: 8 * 4 * 4 * 3 }, (_, index) => Math.sin(index)),
  [8, 4, 4, 3],
);
const labels = new Tensor("float32", [0, 1, 0, 1, 0, 1, 0, 1], [8, 1]);
const model = new models.Sequential([
  layers.Input({ shape: [4, 4, 3] }),
  new Scale(),
  new layers.GlobalAveragePooling2D(),
  new layers.Dense(1, { activation: "sigmoid" }),
]);
model.compile({ optimizer: "adam", loss: closeness });

const train = Dataset.fromTensorSlices([images, labels]).shuffle(8).batch(4).prefetch(Dataset.AUTOTUNE);
await model.fit(train, { epochs: 2, verbose: 0 });

const tape = new GradientTape();
const x = tape.watch(images);
const loss = ops.mean(closeness(tape.watch(labels), model.apply(x)));
const byPixel = await tape.gradient(loss, x).numpy();
console.log(`The gradient by the pixels is an array of shape [${byPixel.dims.join(", ")}].`);
