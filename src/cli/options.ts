import { type Command, Option } from "commander";
import { UsageError } from "../errors/errors.js";
import { type JobOption, trainOptions, type ValueKind } from "../jobs/train-options.js";

interface Range {
  readonly from: number;
  readonly to: number;
}

function refuse(option: string, expected: string, received: string): never {
  throw new UsageError(`The option ${option} is not usable.`, {
    subject: option,
    expected,
    received: received === "" ? "nothing" : received,
  });
}

/** A parser of whole numbers for an option. */
export function wholeNumber(option: string, { from, to }: Range): (text: string) => number {
  return (text) => {
    const value = /^[+-]?\d+$/.test(text.trim()) ? Number(text) : NaN;
    if (value >= from && value <= to) return value;
    return refuse(option, `a whole number from ${from} to ${to}`, text);
  };
}

/** A parser of numbers within bounds for an option. */
export function realNumber(
  option: string,
  { from, to }: { readonly from: number; readonly to: number },
): (text: string) => number {
  return (text) => {
    const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : NaN;
    if (value >= from && value <= to) return value;
    return refuse(option, `a number from ${from} to ${to}, such as 0.001 or 1e-3`, text);
  };
}

/** Seconds of each unit. */
const units = { s: 1, m: 60, h: 3600 } as const;

/**
 * A parser of lengths of time for an option, in seconds: `90s`, `5m`, `1.5h`, or a number of seconds.
 *
 * @param range in seconds, and as it is said
 */
export function duration(
  option: string,
  range: Range & { readonly words?: string } = { from: Number.MIN_VALUE, to: Number.MAX_VALUE },
): (text: string) => number {
  return (text) => {
    const found = /^(\d+\.?\d*|\.\d+)\s*([smh]?)$/i.exec(text.trim());
    const unit = (found?.[2] ?? "").toLowerCase();
    const seconds = Number(found?.[1] ?? Number.NaN) * (unit === "m" || unit === "h" ? units[unit] : units.s);
    if (seconds >= range.from && seconds <= range.to) return seconds;
    return refuse(option, `a length of time${range.words ?? ""}, such as 90s, 5m or 1h`, text);
  };
}

/** A parser of a choice for an option. */
export function oneOf<const Choice extends string>(
  option: string,
  choices: readonly Choice[],
): (text: string) => Choice {
  return (text) => choices.find((choice) => choice === text) ?? refuse(option, choices.join(" or "), text);
}

/** A parser of texts that must not be empty, as `--out "$UNSET"` would be. */
export function someText(option: string, expected: string): (text: string) => string {
  return (text) => (text.trim() === "" ? refuse(option, expected, text) : text);
}

function parserOf(option: string, value: Exclude<ValueKind, { kind: "flag" }>): (text: string) => string | number {
  switch (value.kind) {
    case "whole":
      return wholeNumber(option, value);
    case "real":
      return realNumber(option, value);
    case "duration":
      return duration(option);
    case "choice":
      return oneOf(option, value.choices);
    case "text":
      return someText(option, value.expected);
    case "checked":
      return value.check;
  }
}

/** `batchSize` → `--batch-size`. */
function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Adds options of a job to a command. */
export function addOptions(command: Command, options: Readonly<Record<string, JobOption>>): Command {
  for (const [name, option] of Object.entries(options)) {
    const flag = flagOf(name);
    const { value, placeholder, help } = option;
    const made =
      value.kind === "flag"
        ? new Option(flag, help)
        : new Option(`${flag} ${placeholder ?? "<value>"}`, help).argParser(parserOf(flag, value));
    command.addOption(option.default === undefined ? made : made.default(option.default));
  }
  return command;
}

/** The options that every command which runs a network has. */
export const deviceOption = { device: trainOptions.device } as const;

/** The option of all commands. */
export function addJson(command: Command): Command {
  return command.option("--json", "write one JSON object a line on stdout");
}
