import { ShapeError, UsageError } from "../../errors/errors.js";
import { isTensor, Tensor } from "../../runtime/runtime.js";
import { isRecord } from "../each.js";
import { inFewWords } from "./check-samples.js";

/** An array of JavaScript, whose numbers are one axis. */
export type TypedNumbers =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** Numbers in a list, or in lists of lists, each axis of which has one length. */
export type NumberList = readonly (number | boolean | NumberList)[];

/** What stands for an array where there are no others around: its shape is that of the lists. */
export type Numbers = TypedNumbers | NumberList;

function isTyped(value: unknown): value is TypedNumbers {
  return ArrayBuffer.isView(value) && !(value instanceof DataView) && !Object.hasOwn(value, "dims");
}

/** Whether a list is one of numbers, or of such lists. */
function isNumberList(value: unknown): value is NumberList {
  if (!Array.isArray(value) || value.length === 0) return false;
  const [first] = value as readonly unknown[];
  return typeof first === "number" || typeof first === "boolean" || isNumberList(first);
}

/** Whether something is numbers of JavaScript, rather than an array with a shape. */
export function areNumbers(value: unknown): value is Numbers {
  return isTyped(value) || isNumberList(value);
}

/**
 * @param call what was called, and `subject` which of its arguments, for messages
 * @throws ShapeError where lists of one axis have several lengths
 * @throws UsageError for what is no number
 */
function arrayOf(call: string, subject: string, numbers: Numbers): Tensor {
  if (isTyped(numbers))
    return new Tensor("float32", Float32Array.from<number | bigint>(numbers, Number), [numbers.length]);
  const dims: number[] = [];
  for (let each: unknown = numbers; Array.isArray(each); each = each[0] as unknown) dims.push(each.length);
  const values: number[] = [];
  const gather = (item: unknown, axis: number): void => {
    const extent = dims[axis];
    if (extent === undefined && (typeof item === "number" || typeof item === "boolean")) values.push(Number(item));
    else if (extent !== undefined && Array.isArray(item) && item.length === extent) {
      for (const inner of item as readonly unknown[]) gather(inner, axis + 1);
    } else if (Array.isArray(item)) {
      throw new ShapeError(`${call}: the lists of ${subject} are not all of one length.`, {
        subject,
        expected: `lists of the shape [${dims.join(", ")}], as the first ones are`,
        received: `${inFewWords(item)}, ${item.length} long`,
      });
    } else {
      throw new UsageError(`${call} cannot take this ${subject}.`, {
        subject,
        expected: `numbers in lists of the shape [${dims.join(", ")}], as the first ones are`,
        received: inFewWords(item),
      });
    }
  };
  gather(numbers, 0);
  return new Tensor("float32", Float32Array.from(values), dims);
}

/**
 * Numbers of JavaScript as arrays, and all else as it is: for a model of one input or output a list is one array; a list with
 * arrays in it, and each list for a model of several, says one thing for each, as in Keras.
 *
 * @param places number of the model's inputs or outputs
 */
export function withArrays(call: string, subject: string, given: unknown, places: number): unknown {
  const one = (item: unknown): unknown => (areNumbers(item) ? arrayOf(call, subject, item) : item);
  if (isTensor(given) || isTyped(given)) return one(given);
  if (Array.isArray(given)) return places <= 1 && isNumberList(given) ? one(given) : given.map(one);
  if (typeof given !== "object" || given === null || !isRecord<unknown>(given)) return given;
  return Object.values(given).some(areNumbers)
    ? Object.fromEntries(Object.entries(given).map(([name, item]) => [name, one(item)]))
    : given;
}
