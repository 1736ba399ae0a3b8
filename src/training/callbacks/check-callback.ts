import { isPlainObject, show } from "../../errors/check.js";
import { UsageError } from "../../errors/errors.js";
import { camelCase } from "../../errors/former-names.js";
import { didYouMean, isNear } from "../../errors/nearest.js";
import type { Callback } from "../../models/training-types.js";
import { Callback as CallbackClass } from "./callback.js";

/** All that `fit` calls or asks of a callback. */
const members = Object.keys({
  setModel: true,
  setParams: true,
  onTrainBegin: true,
  onTrainEnd: true,
  onEpochBegin: true,
  onEpochEnd: true,
  onTrainBatchBegin: true,
  onTrainBatchEnd: true,
  onTestBegin: true,
  onTestEnd: true,
  onTestBatchBegin: true,
  onTestBatchEnd: true,
  onPredictBegin: true,
  onPredictEnd: true,
  onPredictBatchBegin: true,
  onPredictBatchEnd: true,
  onLossLost: true,
  saveState: true,
  restoreState: true,
  comesLast: true,
} satisfies Record<keyof Callback, true>);

/** What a callback is told of. */
const events = members.filter((name) => name.startsWith("on"));

/** Keras's old names. */
const formerEvents: ReadonlyMap<string, string> = new Map([
  ["onBatchBegin", "onTrainBatchBegin"],
  ["onBatchEnd", "onTrainBatchEnd"],
]);

/** Names of all methods of an object that its user wrote. */
function methodsOf(callback: object): string[] {
  const names: string[] = [];
  for (
    let each: unknown = callback;
    typeof each === "object" && each !== null && each !== Object.prototype && each !== CallbackClass.prototype;
    each = Object.getPrototypeOf(each)
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(each))) {
      if (typeof value === "function") names.push(name);
    }
  }
  return names;
}

/** Whether a method was to be an event and is none. */
function isMistaken(name: string, isPlain: boolean): boolean {
  if (members.includes(name)) return false;
  const camel = camelCase(name);
  if (members.includes(camel) || formerEvents.has(camel)) return true;
  // A class may have other methods of its own.
  return /^on[A-Z_]/.test(name) && (isPlain || isNear(camel, members));
}

/**
 * Refuses what is no callback, and events that do not exist: nobody would ever call them.
 *
 * @throws UsageError with the event that was meant
 */
export function checkCallback(callback: unknown): void {
  if (typeof callback !== "object" || callback === null || Array.isArray(callback)) {
    throw new UsageError("A callback is none.", {
      subject: "callbacks",
      expected: "a callback, such as new callbacks.EarlyStopping(), or an object with events, such as onEpochEnd",
      received: show(callback),
    });
  }
  for (const name of events) {
    const given: unknown = Reflect.get(callback, name);
    if (given === undefined || given === null || typeof given === "function") continue;
    throw new UsageError(`The event "${name}" of a callback is no function.`, {
      subject: name,
      expected: `a function, such as ${name}() { … }`,
      received: show(given),
    });
  }
  const isPlain = isPlainObject(callback);
  const mistaken = methodsOf(callback).find((name) => isMistaken(name, isPlain));
  if (mistaken === undefined) return;
  const camel = camelCase(mistaken);
  const today = formerEvents.get(camel) ?? (members.includes(camel) ? camel : undefined);
  throw new UsageError(`There is no event "${mistaken}", so a callback would never hear of it.`, {
    subject: "callbacks",
    expected: events.join(", "),
    received: `"${mistaken}"`,
    advice: today === undefined ? didYouMean(mistaken, members) : `It is called "${today}" here.`,
  });
}
