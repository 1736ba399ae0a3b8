import { numberWithin, text } from "../../errors/check.js";
import { UsageError } from "../../errors/errors.js";
import type { BaseModel } from "../../models/base-model.js";
import { say } from "./say.js";
import type { CallbackContext, Logs } from "../../models/training-types.js";

/** Which way a figure gets better. */
export type Mode = "auto" | "min" | "max";

/** @throws UsageError when the mode is none of the three */
function checkMode(owner: string, mode: string): Mode {
  if (mode === "auto" || mode === "min" || mode === "max") return mode;
  throw new UsageError(`${owner}: there is no mode "${mode}".`, {
    subject: "mode",
    expected: '"auto", "min" or "max"',
    received: `"${mode}"`,
  });
}

/** Follows one figure of the logs, and says whether it has got better. */
export class Monitor {
  best: number | undefined;
  private told = false;
  private readonly mode: Mode;

  /**
   * @param owner name of the callback, for messages
   * @param monitor key in the logs
   * @param minDelta smallest change that counts; its sign does not matter
   */
  constructor(
    private readonly owner: string,
    readonly monitor: string,
    mode: string,
    private readonly minDelta = 0,
  ) {
    text(owner, "monitor", monitor);
    numberWithin(owner, "minDelta", minDelta);
    this.mode = checkMode(owner, mode);
  }

  /** The figure; where it is missing, that is said once. */
  read(logs: Logs, consequence: string, context: CallbackContext): number | undefined {
    const value = logs[this.monitor];
    if (value === undefined && !this.told) {
      this.told = true;
      const known = Object.keys(logs).join(", ") || "none";
      say(
        `Warning: ${this.owner} watches "${this.monitor}", which is not there; ${consequence} There is: ${known}.`,
        context,
      );
    }
    return value;
  }

  /**
   * Whether a value is better than another by more than the smallest change; any is better than none. As in Keras, float32
   * decides.
   */
  isBetter(value: number, than: number | undefined, model: BaseModel): boolean {
    // Each time: the next fit may be of a model whose figure of this name goes the other way.
    const sign = this.direction(model);
    if (than === undefined) return true;
    const moved = Math.fround(value - sign * Math.abs(this.minDelta));
    return sign > 0 ? moved > Math.fround(than) : moved < Math.fround(than);
  }

  /** 1 when more is better, -1 when less is. */
  private direction(model: BaseModel): 1 | -1 {
    if (this.mode !== "auto") return this.mode === "max" ? 1 : -1;
    const { losses, metrics } = model.compiled;
    // A metric's own name may begin with "val_".
    const names = [this.monitor, this.monitor.replace(/^val_/, "")];
    const found = names.flatMap((name) => metrics.find((one) => one.name === name) ?? []);
    const isLoss = names.some((name) => name === "loss" || losses.some((one) => `${one.name}_loss` === name));
    if (found.length === 0 && isLoss) return -1;
    const direction = found[0]?.metric.direction;
    if (direction === "up") return 1;
    if (direction === "down") return -1;
    throw new UsageError(`${this.owner}: it is not known whether "${this.monitor}" should rise or fall.`, {
      subject: "mode",
      expected: '"min" or "max" for this figure',
      received: '"auto"',
      advice: "Say it with the option mode.",
    });
  }
}
