import type { Value } from "../../graph/value.js";
import { evaluate, type Known } from "./known-numbers.js";

/** Places in a list that has as many numbers for each picture: `picture · stride + offset`. */
export interface PictureIndices {
  readonly stride: number;
  /** Of the first picture: extent 1 along the first axis, which counts pictures. */
  readonly offsets: Known;
}

/**
 * Follows indices that count the pictures of a batch, as PyTorch's newer exporter writes them where it lays numbers out anew: a range over the
 * batch, multiplied by how many numbers a picture has, to which places among these are added.
 */
export class IndexTracker {
  private readonly found = new Map<Value, PictureIndices>();

  /** Says that a value counts the pictures: `[N]` of 0, 1, …. */
  counts(value: Value): void {
    this.found.set(value, { stride: 1, offsets: { type: value.type, dims: [1], items: [0] } });
  }

  of(value: Value): PictureIndices | undefined {
    return this.found.get(value);
  }

  /**
   * Looks at a node that was made.
   *
   * @param known numbers of a value, where they are known
   */
  follow(
    op: string,
    inputs: readonly (Value | undefined)[],
    known: (value: Value) => Known | undefined,
    y: Value,
  ): void {
    const [x, second] = inputs;
    const [own, other] = x !== undefined && this.found.has(x) ? [x, second] : [second, x];
    const indices = own && this.found.get(own);
    if (indices === undefined) return;
    const numbers = other && known(other);
    const factor = op === "Mul" ? numbers?.items[0] : 1;
    const isMultiple = op === "Mul" && numbers?.items.length === 1 && typeof factor === "number";
    const isMoved = op === "Add" && numbers !== undefined && (numbers.dims.length < y.rank || numbers.dims[0] === 1);
    const isSpread = op === "Unsqueeze" && own === x && numbers?.items.every((axis) => Number(axis) > 0) === true;
    if (op === "Identity" || (op === "Cast" && own === x)) this.found.set(y, indices);
    if (!isMultiple && !isMoved && !isSpread) return;
    const [offsets] = evaluate(op, { inputs: [indices.offsets, numbers], attributes: {}, most: 2 ** 18 }) ?? [];
    if (offsets?.dims[0] === 1) this.found.set(y, { stride: indices.stride * Number(factor), offsets });
  }
}

/** The same of constant indices for a batch of a known size, `[size, …]`; `undefined` where the pictures have other places. */
export function fixedPictureIndices(indices: Known, size: number, stride: number): PictureIndices | undefined {
  const [count, ...rest] = indices.dims;
  const each = indices.items.length / size;
  if (count !== size || !Number.isInteger(each)) return undefined;
  const fits = indices.items.every((at, place) => {
    const first = Number(indices.items[place % each]);
    return first >= 0 && first < stride && Number(at) === first + Math.floor(place / each) * stride;
  });
  const offsets = { type: indices.type, dims: [1, ...rest], items: indices.items.slice(0, each) };
  return fits ? { stride, offsets } : undefined;
}
