import { FileError } from "../../errors/errors.js";
import { runMemory } from "../../graph/run-memory.js";
import { formatShape, type Shape } from "../../graph/shape.js";
import type { Node, Value } from "../../graph/value.js";
import { elementCount } from "../../onnx/tensor-data.js";
import { memoryBudget, memoryText } from "../../runtime/node/memory.js";

/** The most elements of a value of one picture: 2²⁸, 1 GiB as float32. */
const mostElements = 2 ** 28;

/**
 * The most elements that a file may have made out of nothing, for all constants together: 2²⁸, 1 GiB as float32, where VGG19 has half of it.
 * Until a session is there, four copies of them may be: each of four bytes, they shall fit the budget too.
 */
const mostFilled = 2 ** 28;

/** A value of a file needs more memory than any network for images, or than there is. */
export class TooLargeError extends FileError {}

/** Refuses values of a file that would need more memory than any network for images: a few bytes can ask for terabytes. */
export class SizeGuard {
  private filled = 0;
  private readonly most: number;
  private readonly mostFilled: number;

  constructor(private readonly file: string) {
    const budget = memoryBudget();
    this.most = Math.min(mostElements, Math.floor(budget / 4));
    this.mostFilled = Math.min(mostFilled, Math.floor(budget / 16));
  }

  /**
   * Looks at a value that will be computed; extents that are open count 1.
   *
   * @throws TooLargeError when it is too large
   */
  check(shape: Shape, name: string): void {
    const known = shape.map((dim) => (typeof dim === "number" ? dim : knownPart(dim)));
    if (elementCount(known) <= this.most) return;
    throw this.tooLarge(shape, name, `up to ${this.most} numbers a picture (${memoryText(4 * this.most)})`);
  }

  /**
   * Looks at a constant that is about to be made.
   *
   * @throws TooLargeError when it is too large, or negative
   */
  take(dims: readonly number[], name: string): void {
    this.filled += elementCount(dims);
    if (dims.every((dim) => dim >= 0) && this.filled <= this.mostFilled) return;
    throw this.tooLarge(
      dims,
      name,
      `constants of up to ${this.mostFilled} numbers together (${memoryText(4 * this.mostFilled)})`,
    );
  }

  private tooLarge(shape: Shape, name: string, expected: string): TooLargeError {
    return new TooLargeError(`"${name}" of ${this.file} is too large.`, {
      subject: name,
      expected,
      received: formatShape(shape),
      advice: "The file is damaged, or no network for images.",
    });
  }
}

/** What is about to be run. */
export interface CheckedRun {
  /** For messages. */
  readonly file: string;
  /** Names of nodes; a node without one is called by its operator. */
  readonly names: ReadonlyMap<Node, string>;
  /** How many pictures go through it at a time, at least. */
  readonly pictures: number;
}

/**
 * Looks at all values that a network computes together: many that are allowed one by one may be more than there is memory.
 *
 * @throws TooLargeError naming the node at which they are most, when they exceed the budget
 */
export function refuseLargeRuns(outputs: readonly Value[], { file, names, pictures }: CheckedRun): void {
  // Names of other open extents say nothing, and count 1.
  const { bytes, node } = runMemory(outputs, (symbol) => (symbol === "N" ? pictures : 1));
  const budget = memoryBudget();
  if (bytes <= budget) return;
  const name = node === undefined ? "its input" : `"${names.get(node) ?? node.op}"`;
  throw new TooLargeError(`${file} needs too much memory.`, {
    subject: file,
    expected: `up to ${memoryText(budget)}, half of this machine's memory, for ${picturesText(pictures)}`,
    received: `${memoryText(bytes)} of values at ${name}`,
    advice: "Take a smaller image size, or another network.",
  });
}

function picturesText(pictures: number): string {
  return pictures === 1 ? "one picture" : `the ${String(pictures)} pictures that it looks at at a time`;
}

/** 12 of `12*N`. */
function knownPart(dim: string): number {
  return elementCount(dim.split("*").flatMap((part) => (/^\d+$/.test(part) ? [Number(part)] : [])));
}
