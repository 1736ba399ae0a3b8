import { isWhole, refuseOption } from "../../errors/check.js";
import { UsageError } from "../../errors/errors.js";
import type { Tensor } from "../../runtime/runtime.js";
import { isRecord, type PerOutput } from "../each.js";

/** Whether a value is an array of numbers with a shape. */
export function isTensor(value: unknown): value is Tensor {
  return typeof value === "object" && value !== null && "dims" in value && "data" in value;
}

/** Whether a value is one array, a list of them, or a record of them; `null` stands where an output needs none. */
export function areTensors(value: unknown): value is PerOutput<Tensor> {
  if (isTensor(value)) return true;
  const each: unknown[] = Array.isArray(value) ? value : isRecord(value) ? Object.values(value as object) : [];
  return each.length > 0 && each.some(isTensor) && each.every((one) => isTensor(one) || one === null);
}

/** @throws UsageError when there is a number of batches and it is none from 1 */
export function checkSteps(call: string, option: string, value: unknown): void {
  if (value !== undefined && !isWhole(value, 1)) refuseOption(call, option, "a whole number from 1", value);
}

/** What a value is, and what to do about it where it is a known mistake. */
function described(value: unknown): { readonly received: string; readonly advice?: string } {
  if (value === undefined)
    return { received: "nothing", advice: "Is the variable spelled right, and has it been filled?" };
  if (value === null) return { received: "null" };
  if (typeof value === "function") {
    const calling = "Call it, and give what comes out: model.fit(batches()).";
    return { received: `the function ${value.name || "without a name"}`, advice: calling };
  }
  if (typeof value === "string") {
    const reading = "imageDatasetFromDirectory and the flows of an ImageDataGenerator read photos from folders.";
    return { received: JSON.stringify(value), advice: reading };
  }
  if (value instanceof Promise) return { received: "a Promise", advice: "Put await before what gives it." };
  if (ArrayBuffer.isView(value) || Array.isArray(value)) {
    const what = Array.isArray(value) ? JSON.stringify(value).slice(0, 60) : value.constructor.name;
    return { received: what, advice: 'Make an array with a shape of it: new Tensor("float32", values, [samples, …]).' };
  }
  if (typeof value !== "object") return { received: JSON.stringify(value) };
  const { flow } = value as { readonly flow?: unknown };
  if (typeof flow === "function") {
    return {
      received: "an ImageDataGenerator",
      advice: "Give what its flow, flowFromDirectory or flowFromDataframe gives.",
    };
  }
  return { received: `an object with ${Object.keys(value).slice(0, 5).join(", ") || "nothing in it"}` };
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
  throw new UsageError(`${call} cannot take this ${subject}.`, { subject, expected, ...described(value) });
}
