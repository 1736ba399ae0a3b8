import { NumberError } from "../errors/errors.js";
import type { LostLoss } from "../models/training-types.js";

/**
 * The error of a training whose loss is no number any more.
 *
 * @param lost with the number of the epoch, from 0, over both phases
 * @param kept what is left of the training, in a sentence
 */
export function lostTraining({ loss, epoch, step, cause }: LostLoss, kept?: string): NumberError {
  const place = step === undefined ? "the validation of epoch " : "epoch ";
  const number = `${epoch + 1}${step === undefined ? "" : `, step ${step + 1}`}`;
  const advice = "Try a smaller learning rate, and look at the photos and the network.";
  return new NumberError(`The training was stopped in ${place}${number}: the loss is ${loss}.`, {
    subject: "loss",
    expected: "a finite number",
    received: `${loss}: ${cause}`,
    advice: kept === undefined ? advice : `${advice} ${kept}`,
  });
}
