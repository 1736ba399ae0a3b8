import { isWhole, refuseOption } from "../../errors/check.js";
import { UsageError } from "../../errors/errors.js";
import { isTensor, type Tensor } from "../../runtime/runtime.js";
import { isRecord, type PerOutput } from "../each.js";

/** The arrays of a value that may be one, a list of them or a record of them, and what else is in it. */
function itemsOf(value: unknown): unknown[] {
  if (isTensor(value)) return [value];
  if (Array.isArray(value)) return value;
  return isRecord(value) ? Object.values(value as object) : [];
}

/** The arrays in a value that may be one, a list of them or a record of them. */
export function arraysIn(value: unknown): Tensor[] {
  return itemsOf(value).filter(isTensor);
}

/** Whether a value is one array, a list of them, or a record of them. */
export function areInputs(value: unknown): value is PerOutput<Tensor> {
  const items = itemsOf(value);
  return items.length > 0 && items.every(isTensor);
}

/** Whether a value is one array, a list of them, or a record of them; nothing stands where an output needs none. */
export function areTensors(value: unknown): value is PerOutput<Tensor | null> {
  const items = itemsOf(value);
  return items.some(isTensor) && items.every((one) => isTensor(one) || one === null || one === undefined);
}

/** A value in a few words: it may be large, and hold itself. */
export function inFewWords(value: unknown, depth = 2): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (isTensor(value)) return `a Tensor [${value.dims.join(", ")}]`;
  if (Array.isArray(value)) {
    const shown = depth === 0 ? ["…"] : value.slice(0, 3).map((item) => inFewWords(item, depth - 1));
    return `[${[...shown, ...(value.length > 3 && depth > 0 ? ["…"] : [])].join(", ")}]`;
  }
  if (typeof value === "function") return `the function ${value.name || "without a name"}`;
  if (typeof value !== "object" || value === null) return String(value);
  // An object without a prototype has no constructor.
  const name = (value as { readonly constructor?: { readonly name: string } }).constructor?.name ?? "Object";
  if (name !== "Object") return /^[AEIOU]/.test(name) ? `an ${name}` : `a ${name}`;
  return `an object with ${Object.keys(value).slice(0, 5).join(", ") || "nothing in it"}`;
}

/** @throws UsageError when there is a number of batches and it is none from 1 */
export function checkSteps(call: string, option: string, value: unknown): void {
  if (value !== undefined && !isWhole(value, 1)) refuseOption(call, option, "a whole number from 1", value);
}

/** What is to be done about a value that is a known mistake. */
function adviceFor(value: unknown): string | undefined {
  if (value === undefined) return "Is the variable spelled right, and has it been filled?";
  if (typeof value === "function") return "Call it, and give what comes out: model.fit(batches()).";
  if (typeof value === "string") {
    return "imageDatasetFromDirectory and the flows of an ImageDataGenerator read photos from folders.";
  }
  if (value instanceof Promise) return "Put await before what gives it.";
  if (ArrayBuffer.isView(value) || Array.isArray(value)) {
    return 'Make an array with a shape of it: new Tensor("float32", values, [samples, …]).';
  }
  const isGenerator = typeof value === "object" && value !== null && "flow" in value;
  return isGenerator ? "Give what its flow, flowFromDirectory or flowFromDataframe gives." : undefined;
}

/** What {@link refuseSamples} expects where nothing else is said. */
export const samplesExpected =
  "a Tensor [samples, …], a list or a record of them, a flow, a dataset, a PyDataset, or a generator of batches [x, y]";

/**
 * @param call what was called, such as `fit`
 * @param subject which of its arguments
 * @throws UsageError that says what the argument is, and what it should be
 */
export function refuseSamples(call: string, subject: string, value: unknown, expected = samplesExpected): never {
  throw new UsageError(`${call} cannot take this ${subject}.`, {
    subject,
    expected,
    received: value === undefined ? "nothing" : inFewWords(value),
    advice: adviceFor(value),
  });
}
