import { FileError } from "../../errors/errors.js";
import { formatShape, type Shape } from "../../graph/shape.js";
import { elementCount } from "../../onnx/tensor-data.js";

/** The most elements of a value of one picture: 2²⁸, 1 GiB as float32. */
const mostElements = 2 ** 28;

/** The most elements that a file may have made out of nothing, for all constants together: 2²⁸, 1 GiB as float32. */
const mostFilled = 2 ** 28;

/** A value of a file needs more memory than any network for images. */
export class TooLargeError extends FileError {}

/** Refuses values of a file that would need more memory than any network for images: a few bytes can ask for terabytes. */
export class SizeGuard {
  private filled = 0;

  constructor(private readonly file: string) {}

  /**
   * Looks at a value that will be computed; extents that are open count 1.
   *
   * @throws TooLargeError when it is too large
   */
  check(shape: Shape, name: string): void {
    const known = shape.map((dim) => (typeof dim === "number" ? dim : knownPart(dim)));
    if (elementCount(known) <= mostElements) return;
    throw this.tooLarge(shape, name, `up to ${mostElements} numbers a picture (${mostElements / 2 ** 18} MiB)`);
  }

  /**
   * Looks at a constant that is about to be made.
   *
   * @throws TooLargeError when it is too large, or negative
   */
  take(dims: readonly number[], name: string): void {
    this.filled += elementCount(dims);
    if (dims.every((dim) => dim >= 0) && this.filled <= mostFilled) return;
    throw this.tooLarge(dims, name, `constants of up to ${mostFilled} numbers together`);
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

/** 12 of `12*N`. */
function knownPart(dim: string): number {
  return elementCount(dim.split("*").flatMap((part) => (/^\d+$/.test(part) ? [Number(part)] : [])));
}
