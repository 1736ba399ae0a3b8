import { UsageError } from "../../errors/errors.js";
import { ownValue } from "../../errors/named-record.js";

const placeholder = /\{([^{}:]+)(?::(0?)(\d*)(?:\.(\d+))?([dfeg]?))?\}/g;

/**
 * Fills in a file name as Python's `str.format` does: `{epoch:02d}-{val_loss:.2f}.keras`.
 *
 * @param template the name with `{key}`, `{key:02d}`, `{key:.2f}`, `{key:.3e}` or `{key:.3g}`
 * @param values numbers by key
 * @throws UsageError for a key without a value, or a format that is none of these
 */
export function formatPath(template: string, values: Readonly<Record<string, number>>): string {
  const filled = template.replace(placeholder, (_, key: string, zero = "", width = "", digits = "", kind = "") => {
    const value = ownValue(values, key);
    if (value === undefined) {
      throw new UsageError(`The file name "${template}" asks for something that is not there.`, {
        subject: key,
        expected: `one of ${Object.keys(values).join(", ")}`,
        received: `{${key}}`,
      });
    }
    return format(value, String(digits), String(kind)).padStart(Number(width), zero === "" ? " " : "0");
  });
  return withoutBraces(template, filled);
}

/**
 * Looks at a file name before there is anything to fill in.
 *
 * @throws UsageError for a placeholder that {@link formatPath} could not fill in with any value
 */
export function checkPath(template: string): void {
  withoutBraces(template, template.replace(placeholder, ""));
}

/** What is left of a name in which each placeholder has been replaced. */
function withoutBraces(template: string, filled: string): string {
  if (!/[{}]/.test(filled)) return filled;
  throw new UsageError(`The file name "${template}" cannot be filled in.`, {
    subject: "filepath",
    expected: "placeholders such as {epoch:02d} and {val_loss:.2f}",
    received: filled,
  });
}

function format(value: number, digits: string, kind: string): string {
  // Python writes at least two digits of an exponent.
  const twoDigits = (text: string): string => text.replace(/e([+-])(\d)$/, "e$10$2");
  const precision = digits === "" ? 6 : Number(digits);
  if (kind === "d") return String(Math.trunc(value));
  if (kind === "f") return value.toFixed(precision);
  if (kind === "e") return twoDigits(value.toExponential(precision));
  if (digits === "") return String(value);
  return twoDigits(String(Number(value.toPrecision(Math.max(1, precision)))));
}
