import { channelsLastOnly, refuse } from "../../errors/check.js";
import { ShapeError } from "../../errors/errors.js";
import { dimProduct, formatShape, staticDim } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { transpose } from "../../ops/layout.js";
import { reshapeTo } from "../../ops/reshape.js";
import { type Answer, type Operand } from "./operand.js";
import { operation, type OperationRow } from "./operation.js";
import { axisOf, value } from "./rows.js";

/** Channels as pixels, or pixels as channels, in blocks of a size. */
export type Blocks = <X extends Operand>(x: X, blockSize: number | { readonly blockSize: number }) => Answer<X>;

function blocks(name: string, className: string, compute: (x: Value, size: number) => Value): OperationRow {
  return {
    name,
    className,
    module: "nn",
    call: ["x"],
    options: { blockSize: undefined, dataFormat: "channels_last" },
    compute: ([given], { blockSize, dataFormat }) => {
      channelsLastOnly(name, dataFormat as string);
      const x = value(given);
      if (x.rank !== 4) {
        throw new ShapeError("the input is no batch of images.", {
          subject: "x",
          expected: "[batch, height, width, channels]",
          received: formatShape(x.shape),
        });
      }
      const size = axisOf(name, blockSize);
      return size >= 2 ? compute(x, size) : refuse(name, "blockSize", "a whole number of at least 2", blockSize);
    },
  };
}

/** `[N, H, W, b² · C]` → `[N, b · H, b · W, C]`: how networks for super-resolution make pictures larger. */
export const depthToSpace = operation<Blocks>(
  blocks("depthToSpace", "DepthToSpace", (x, size) => {
    const [n = 1, h = 1, w = 1] = x.shape;
    const channels = staticDim(x.shape, 3, "depthToSpace");
    if (channels % (size * size) !== 0) {
      return refuse("depthToSpace", "blockSize", `a number whose square divides ${channels} channels`, size);
    }
    const c = channels / (size * size);
    const moved = transpose(reshapeTo(x, [n, h, w, size, size, c]), { perm: [0, 1, 3, 2, 4, 5] });
    return reshapeTo(moved, [n, dimProduct([h, size]), dimProduct([w, size]), c]);
  }),
);

/** The reverse of {@link depthToSpace}. */
export const spaceToDepth = operation<Blocks>(
  blocks("spaceToDepth", "SpaceToDepth", (x, size) => {
    const [n = 1, , , c = 1] = x.shape;
    const [high, wide] = [staticDim(x.shape, 1, "spaceToDepth"), staticDim(x.shape, 2, "spaceToDepth")];
    if (high % size !== 0 || wide % size !== 0) {
      return refuse("spaceToDepth", "blockSize", `a number that divides ${high} and ${wide}`, size);
    }
    const split = reshapeTo(x, [n, high / size, size, wide / size, size, c]);
    return reshapeTo(transpose(split, { perm: [0, 1, 3, 2, 4, 5] }), [
      n,
      high / size,
      wide / size,
      dimProduct([size, size, c]),
    ]);
  }),
);
