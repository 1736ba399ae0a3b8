import type { Framing, FramingInterpolation } from "../photos/framing.js";
import type { Preprocess } from "./preprocess.js";

/** What is known of the photos that a network was trained with: how they were framed, and what was done to pixels. */
export interface PhotoFacts {
  readonly preprocess?: Preprocess | undefined;
  /** Side of the picture in pixels. */
  readonly imageSize?: number | undefined;
  /** See {@link Framing}. */
  readonly crop?: number | undefined;
  readonly keepProportions?: boolean | undefined;
  readonly interpolation?: FramingInterpolation | undefined;
  /** What the weights may be used for, where it says so. */
  readonly licence?: string | undefined;
}

/** Facts, and where they stand. */
export interface StatedFacts extends PhotoFacts {
  /** Such as `preprocessor_config.json`. */
  readonly source: string;
}

/** How photos are framed where nothing else is said. */
export const plainFraming: Omit<Framing, "size"> = {};

/** Of several statements the first that says how photos are framed, which is taken as a whole. */
export function statedFraming(facts: readonly PhotoFacts[]): Omit<Framing, "size"> {
  const found = facts.find(
    ({ crop, keepProportions, interpolation }) =>
      crop !== undefined || keepProportions !== undefined || interpolation !== undefined,
  );
  if (found === undefined) return plainFraming;
  const { crop, keepProportions, interpolation } = found;
  return { crop, keepProportions, interpolation };
}
