import { checkOptionNames } from "../../errors/check.js";
import type { CallbackContext, Logs } from "../../models/training-types.js";
import { Callback } from "./callback.js";
import { machineOf } from "./say.js";

/** Options of {@link CSVLogger}. */
export interface CSVLoggerOptions {
  /** Between two cells; default `","`. */
  readonly separator?: string;
  /** Whether rows are added to a file that is there; default `false`: it is replaced. */
  readonly append?: boolean;
}

const encoder = new TextEncoder();

/**
 * Writes a row of figures an epoch, with a heading: `epoch` and the logs in the alphabet's order. Lines end as CSV's do in
 * RFC 4180 and in Keras, with CR LF.
 *
 * @see https://keras.io/api/callbacks/csv_logger/
 */
export class CSVLogger extends Callback {
  static readonly className: string = "CSVLogger";
  private readonly separator: string;
  private readonly append: boolean;
  private keys: readonly string[] | undefined;
  private needsHeading = true;

  /**
   * @param filename the file
   * @throws UsageError for an unknown option
   */
  constructor(
    private readonly filename: string,
    options: CSVLoggerOptions = {},
  ) {
    super();
    checkOptionNames("CSVLogger", options, ["separator", "append"]);
    this.separator = options.separator ?? ",";
    this.append = options.append ?? false;
  }

  override async onTrainBegin(context: CallbackContext): Promise<void> {
    const machine = machineOf(context);
    this.keys = undefined;
    const there = this.append ? await machine.readFile(this.filename) : undefined;
    this.needsHeading = there === undefined || there.length === 0;
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
    const row = this.line([String(epoch), ...this.keys.map((key) => String(logs[key] ?? "NA"))]);
    await machineOf(context).appendFile(this.filename, encoder.encode(heading + row));
  }

  private line(cells: readonly string[]): string {
    const quoted = cells.map((cell) =>
      cell.includes(this.separator) || /["\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell,
    );
    return `${quoted.join(this.separator)}\r\n`;
  }
}
