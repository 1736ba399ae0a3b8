import { isWhole, refuseOption, show } from "../errors/check.js";
import { type JobOption, trainOptions } from "./train-options.js";

/** The options that scripts may give, too: those of the run itself, such as its folder, belong to the command. */
export function scriptOptions(): readonly string[] {
  const entries = Object.entries<JobOption>(trainOptions);
  return entries.flatMap(([name, option]) => (option.for === "run" ? [] : [name]));
}

/**
 * Checks values of options as the command line does, where they come from a script.
 *
 * @param owner whose options they are, for messages
 * @throws UsageError for the first value that is not usable
 */
export function checkSettings(owner: string, given: Readonly<Record<string, unknown>>): void {
  for (const [name, option] of Object.entries<JobOption>(trainOptions)) {
    const value = given[name];
    if (value !== undefined && option.for !== "run") checkValue(owner, name, option, value);
  }
}

/**
 * Checks all options of a run, those of the run itself too, where they come from a file.
 *
 * @param owner whose options they are, for messages
 * @throws UsageError for an option that there is not, or a value that is not usable
 */
export function checkAllSettings(owner: string, given: Readonly<Record<string, unknown>>): void {
  const options: Readonly<Record<string, JobOption>> = trainOptions;
  for (const [name, value] of Object.entries(given)) {
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (option === undefined) refuseOption(owner, name, "an option of graft train", show(value));
    checkValue(owner, name, option, value);
  }
}

function checkValue(owner: string, name: string, { value: kind }: JobOption, value: unknown): void {
  const refuse = (expected: string): never => refuseOption(owner, name, expected, show(value));
  switch (kind.kind) {
    case "whole":
      if (!isWhole(value, kind.from) || value > kind.to) refuse(`a whole number from ${kind.from} to ${kind.to}`);
      return;
    case "real":
      if (typeof value !== "number" || !(value >= kind.from && value <= kind.to)) {
        refuse(`a number from ${kind.from} to ${kind.to}`);
      }
      return;
    case "flag":
      if (typeof value !== "boolean") refuse("true or false");
      return;
    case "duration":
      if (typeof value !== "number" || !(value > 0) || !Number.isFinite(value)) refuse("a positive number of seconds");
      return;
    case "choice":
      if (!kind.choices.includes(value as string)) refuse(`one of ${kind.choices.map(show).join(", ")}`);
      return;
    case "text":
      if (typeof value !== "string" || value === "") refuse(kind.expected);
      return;
    case "checked":
      if (typeof value !== "string") refuse("a text");
      else kind.check(value);
  }
}
