import { platform } from "../../models/platform.js";
import type { Progress } from "../../report/progress.js";

let shown: Progress | undefined;

/** Says which bar is on the terminal, so that others can write below it; `undefined` for none. */
export function showBar(bar: Progress | undefined): void {
  shown = bar;
}

/** Tells people something that a callback has done. */
export function say(line: string): void {
  shown?.clear();
  platform().warn(line);
}
