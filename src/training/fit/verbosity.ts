import { refuse } from "../../errors/check.js";
import type { CallbackParams, Verbosity } from "../../models/training-types.js";

/**
 * How much a call says, from what Keras takes for it.
 *
 * @param method `"fit"`, for messages
 * @param given default 1
 * @throws UsageError for what is none of 0, 1, 2, true, false and "auto"
 */
export function verbosity(method: string, given: Verbosity = 1): CallbackParams["verbose"] {
  if (given === "auto" || given === true || given === 1) return 1;
  if (given === false || given === 0) return 0;
  return given === 2 ? 2 : refuse(method, "verbose", '0, 1, 2, true, false or "auto"', given);
}
