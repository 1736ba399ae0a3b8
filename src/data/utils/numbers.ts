import { refuseOption } from "../../errors/check.js";
import { ShapeError } from "../../errors/errors.js";
import { isTensor, type Tensor } from "../../runtime/runtime.js";

/** Numbers in an array, a list, or lists of lists of one length. */
export type Numbers = Tensor | ArrayLike<number> | readonly Numbers[];

/** Numbers with their shape. */
export interface Flat {
  readonly values: ArrayLike<number>;
  readonly dims: readonly number[];
}

/** As they are, without BigInts: all photos of a data set as a list would not fit into memory. */
function listOf(values: ArrayLike<number | bigint>): ArrayLike<number> {
  return typeof values[0] === "bigint" ? Array.from(values, Number) : (values as ArrayLike<number>);
}

/**
 * The numbers of an array or of lists, one behind the other.
 *
 * @param owner the function that was given them, for errors
 * @param name what it calls them, for errors
 * @throws UsageError for what holds no numbers
 * @throws ShapeError for lists of several lengths
 */
export function flat(x: unknown, owner: string, name = "x"): Flat {
  if (isTensor(x)) return { values: listOf(x.data as ArrayLike<number | bigint>), dims: x.dims };
  if (typeof x === "number" || typeof x === "bigint") return { values: [Number(x)], dims: [] };
  if (ArrayBuffer.isView(x) && !(x instanceof DataView)) {
    const values = listOf(x as unknown as ArrayLike<number | bigint>);
    return { values, dims: [values.length] };
  }
  if (!Array.isArray(x))
    return refuseOption(owner, name, "numbers in an array or a list", x === null ? "null" : typeof x);
  const rows = x.map((row: unknown) => flat(row, owner, name));
  const [first = { values: [], dims: [] }] = rows;
  const wrong = rows.find(({ dims }) => String(dims) !== String(first.dims));
  if (wrong === undefined)
    return { values: rows.flatMap(({ values }) => Array.from(values)), dims: [rows.length, ...first.dims] };
  throw new ShapeError(`${owner} takes lists of one length.`, {
    subject: name,
    expected: `[${first.dims.join(", ")}] in each row, as in the first one`,
    received: `[${wrong.dims.join(", ")}]`,
  });
}
