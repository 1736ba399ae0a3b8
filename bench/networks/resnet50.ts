import { layers, models } from "graft-ml";

type Symbolic = ReturnType<typeof layers.Input>;

/** Filters and blocks of each stage, conv2 to conv5. */
const stages = [
  [64, 3],
  [128, 4],
  [256, 6],
  [512, 3],
] as const;

function convolution(x: Symbolic, filters: number, kernel: number, name: string, strides = 1): Symbolic {
  const y = new layers.Conv2D(filters, kernel, { strides, padding: "same", name: `${name}_conv` }).apply(x);
  return new layers.BatchNormalization({ epsilon: 1.001e-5, name: `${name}_bn` }).apply(y);
}

function relu(x: Symbolic, name: string): Symbolic {
  return new layers.Activation("relu", { name }).apply(x);
}

function block(x: Symbolic, filters: number, strides: number, first: boolean, name: string): Symbolic {
  const shortcut = first ? convolution(x, 4 * filters, 1, `${name}_0`, strides) : x;
  let y = relu(convolution(x, filters, 1, `${name}_1`, strides), `${name}_1_relu`);
  y = relu(convolution(y, filters, 3, `${name}_2`), `${name}_2_relu`);
  y = convolution(y, 4 * filters, 1, `${name}_3`);
  return relu(new layers.Add({ name: `${name}_add` }).apply([shortcut, y]), `${name}_out`);
}

/** `keras.applications.ResNet50(weights=None, include_top=False)`: the same layers, with random weights. */
export function resnet50(size: number) {
  const inputs = layers.Input({ shape: [size, size, 3] });
  let x = new layers.ZeroPadding2D(3).apply(inputs);
  x = new layers.Conv2D(64, 7, { strides: 2, name: "conv1_conv" }).apply(x);
  x = relu(new layers.BatchNormalization({ epsilon: 1.001e-5, name: "conv1_bn" }).apply(x), "conv1_relu");
  x = new layers.MaxPooling2D(3, { strides: 2 }).apply(new layers.ZeroPadding2D(1).apply(x));
  stages.forEach(([filters, blocks], stage) => {
    for (let index = 0; index < blocks; index++) {
      const strides = index === 0 && stage > 0 ? 2 : 1;
      x = block(x, filters, strides, index === 0, `conv${stage + 2}_block${index + 1}`);
    }
  });
  return new models.Model({ inputs, outputs: x, name: "resnet50" });
}
