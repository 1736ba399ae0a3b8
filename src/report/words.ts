import { count } from "../errors/words.js";
import { expectedAccuracy } from "./interval.js";

/** `97.3 %`. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/**
 * `97.3 % (95 % interval: 92.7 to 99.3 % of 100 new photos)`: what is to be expected of photos of this kind.
 *
 * @param accuracy that was measured
 * @param photos that it was measured on
 * @param ahead new photos that will be looked at, where it is known; of more than 100 the interval is that of 100
 */
export function accuracyText(accuracy: number, photos: number, ahead?: number): string {
  const expected = expectedAccuracy(accuracy, photos, ahead);
  const range = `${(100 * expected.low).toFixed(1)} to ${percent(expected.high)}`;
  return `${percent(accuracy)} (95 % interval: ${range} of ${count(expected.photos, "new photo")})`;
}

/** `8.2 s`, `3 min 20 s`, `1 h 2 min`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
