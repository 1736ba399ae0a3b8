import { text } from "../../errors/check.js";
import { csvCell } from "../../errors/csv-cell.js";
import type { CallbackContext, Logs } from "../../models/training-types.js";
import { Callback } from "./callback.js";
import { machineOf } from "./say.js";
import { type ByPosition, byName } from "../../nn/named.js";

/** Options of {@link CSVLogger}. */
export interface CSVLoggerOptions {
  /** Between two cells; default `","`. */
  readonly separator?: string;
  /** Whether rows are added to a file that is there; default `false`: it is replaced. */
  readonly append?: boolean;
}

const encoder = new TextEncoder();
const newline = 0x0a;

/** Options that may follow by position, in Keras's order. */
const following = ["separator", "append"] as const;

/**
 * Writes a row of figures an epoch, with a heading: `epoch` and the logs in the alphabet's order. Lines end as CSV's do in
 * RFC 4180 and in Keras, with CR LF. A name that a spreadsheet would take for a formula has an apostrophe in front, unlike in Keras.
 *
 * @see https://keras.io/api/callbacks/csv_logger/
 */
export class CSVLogger extends Callback {
  static readonly className: string = "CSVLogger";
  static readonly positional: readonly string[] = ["filename"];
  static readonly following: readonly string[] = following;
  static readonly options: readonly string[] = ["separator", "append"];
  private readonly filename: string;
  private readonly separator: string;
  private readonly append: boolean;
  private keys: readonly string[] | undefined;
  private needsHeading = true;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<CSVLoggerOptions & { readonly filename: string }, typeof following, ["filename"]>);
  /**
   * @param filename the file
   * @throws UsageError for an unknown option
   */
  constructor(filename: string, options?: CSVLoggerOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: CSVLoggerOptions & { readonly filename: string });
  constructor(...given: readonly unknown[]) {
    const { filename, ...options } = byName<CSVLoggerOptions & { readonly filename: string }>(CSVLogger, given);
    super(options);
    this.filename = text("CSVLogger", "filename", filename);
    this.separator = text("CSVLogger", "separator", options.separator ?? ",");
    this.append = options.append ?? false;
  }

  override async onTrainBegin(context: CallbackContext): Promise<void> {
    const machine = machineOf(context);
    this.keys = undefined;
    const there = this.append ? await machine.readFile(this.filename) : undefined;
    this.needsHeading = there === undefined || there.length === 0;
    // A process that was killed while it wrote a row has left a part of it, which is not to become one with the next.
    if (there !== undefined && there.length > 0 && there.at(-1) !== newline) {
      await machine.appendFile(this.filename, encoder.encode("\r\n"));
    }
    if (!this.append) await machine.writeFile(this.filename, new Uint8Array());
  }

  override async onEpochEnd(epoch: number, logs: Logs, context: CallbackContext): Promise<void> {
    if (this.keys === undefined) {
      const keys = Object.keys(logs).sort();
      // An epoch without a validation may come first.
      const validated = keys.some((key) => key.startsWith("val_"));
      this.keys = validated ? keys : [...keys, ...keys.map((key) => `val_${key}`)];
    }
    const heading = this.needsHeading ? this.line(["epoch", ...this.keys]) : "";
    this.needsHeading = false;
    const row = this.line([epoch, ...this.keys.map((key) => logs[key] ?? "NA")]);
    await machineOf(context).appendFile(this.filename, encoder.encode(heading + row));
  }

  private line(cells: readonly (string | number)[]): string {
    return `${cells.map((cell) => csvCell(cell, this.separator)).join(this.separator)}\r\n`;
  }
}
