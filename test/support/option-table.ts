import { type JobOption, trainOptions } from "../../src/jobs/train-options.js";

/** `batchSize` → `--batch-size`. */
function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** In a cell a bar would end it, and `<DIR>` would be taken for HTML. */
const escaped = (text: string): string => text.replaceAll("|", "\\|");
const code = (text: string): string => `\`${escaped(text)}\``;

function valuesOf({ value }: JobOption): string {
  switch (value.kind) {
    case "whole":
      return value.to === Number.MAX_SAFE_INTEGER
        ? `whole, ${value.from} or more`
        : `whole, ${value.from} to ${value.to}`;
    case "real":
      return `${value.from} to ${value.to}`;
    case "choice":
      return value.choices.map(code).join(", ");
    case "flag":
      return "";
    case "text":
      return value.expected;
    case "duration":
      return "a length of time in s, m or h";
    case "checked":
      return "one of these";
  }
}

/** A row of the table; what `help` says in brackets of the default stands in a cell of its own. */
function rowOf(name: string, option: JobOption): string {
  const inBrackets = / \(default: ([^)]*)\)/;
  const [, inHelp] = inBrackets.exec(option.help) ?? [];
  const what = option.help.replace(inBrackets, "");
  const byDefault = option.default === undefined ? (inHelp ?? option.unlessGiven ?? "") : code(String(option.default));
  const shown = byDefault.includes("<") ? code(byDefault) : escaped(byDefault);
  return `| ${code([flagOf(name), option.placeholder].filter((part) => part !== undefined).join(" "))} | ${escaped(what)} | ${escaped(valuesOf(option))} | ${shown} |`;
}

/** The options of `graft train` as a table in Markdown. */
export function optionTable(): string {
  const rows = Object.entries<JobOption>(trainOptions).map(([name, option]) => rowOf(name, option));
  return ["| option | what | values | default |", "| --- | --- | --- | --- |", ...rows].join("\n");
}
