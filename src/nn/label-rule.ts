import type { Shape } from "../graph/shape.js";

/** What labels must be for a loss or a metric to mean something. */
export type LabelRule =
  /** Numbers of classes: whole numbers from 0. */
  | {
      readonly kind: "classes";
      /** How many classes there are; `undefined` where the shape of the output does not say. */
      readonly classes: number | undefined;
      /** A number beside these whose samples do not count. */
      readonly ignored?: number | undefined;
      /** Whether a fraction is cut off, as in Keras, rather than a mistake; default `false`. */
      readonly cut?: boolean | undefined;
    }
  /** Shares, such as 0 and 1. */
  | { readonly kind: "range"; readonly low: number; readonly high: number };

/** The rule of losses whose labels are shares: 0 and 1, or anything between. */
export const shares: LabelRule = { kind: "range", low: 0, high: 1 };

/**
 * The rule of what counts its classes along the last axis of the output.
 *
 * @param output shape of the model's output in Keras's order
 * @param ignored a number beside the classes whose samples do not count
 */
export function classesOf(output: Shape, ignored?: number): LabelRule {
  const classes = output.at(-1);
  return { kind: "classes", classes: typeof classes === "number" ? classes : undefined, ignored };
}
