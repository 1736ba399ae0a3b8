import { layers, models } from "graft-ml";

type Symbolic = ReturnType<typeof layers.Input>;

/** Filters, blocks and stride of the first block of each stage; the first stage does not expand. */
const stages = [
  [16, 1, 1],
  [24, 2, 2],
  [32, 3, 2],
  [64, 4, 2],
  [96, 3, 1],
  [160, 3, 2],
  [320, 1, 1],
] as const;

const normalization = { epsilon: 1e-3, momentum: 0.999 };

function convolution(x: Symbolic, filters: number, kernel: number, strides = 1): Symbolic {
  const y = new layers.Conv2D(filters, kernel, { strides, padding: "same", useBias: false }).apply(x);
  return new layers.BatchNormalization(normalization).apply(y);
}

function block(x: Symbolic, filters: number, strides: number, expansion: number): Symbolic {
  const channels = Number(x.shape[3]);
  let y = x;
  if (expansion > 1) y = new layers.ReLU({ maxValue: 6 }).apply(convolution(y, expansion * channels, 1));
  const padding = strides === 1 ? "same" : "valid";
  if (strides === 2) {
    const before = Number(y.shape[1]) % 2 === 0 ? 0 : 1;
    y = new layers.ZeroPadding2D([
      [before, 1],
      [before, 1],
    ]).apply(y);
  }
  y = new layers.DepthwiseConv2D(3, { strides, padding, useBias: false }).apply(y);
  y = new layers.ReLU({ maxValue: 6 }).apply(new layers.BatchNormalization(normalization).apply(y));
  y = convolution(y, filters, 1);
  return strides === 1 && channels === filters ? new layers.Add().apply([x, y]) : y;
}

/** `keras.applications.MobileNetV2(weights=None, include_top=False)`: the same layers, with random weights. */
export function mobilenetv2(size: number) {
  const inputs = layers.Input({ shape: [size, size, 3] });
  let x = new layers.ReLU({ maxValue: 6 }).apply(convolution(inputs, 32, 3, 2));
  stages.forEach(([filters, blocks, strides], stage) => {
    for (let index = 0; index < blocks; index++) x = block(x, filters, index === 0 ? strides : 1, stage === 0 ? 1 : 6);
  });
  const outputs = new layers.ReLU({ maxValue: 6 }).apply(convolution(x, 1280, 1));
  return new models.Model({ inputs, outputs, name: "mobilenetv2" });
}
