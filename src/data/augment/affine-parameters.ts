import { refuse } from "../../errors/check.js";
import type { Generator } from "../../random/generator.js";

/**
 * How far photos are moved about, under Keras's names; everything is off by default.
 *
 * @see https://keras.io/api/data_loading/image/ `ImageDataGenerator`
 */
export interface AffineOptions {
  /** Rotation by up to this many degrees either way, 0 or more. Default 0. */
  readonly rotationRange?: number;
  /**
   * Shift, which Keras draws from the width and applies along the rows (see {@link affineMatrix}): below 1 a fraction of
   * the width; from 1 a number of pixels; a list to choose one of, either way. A whole number n gives whole pixels from
   * −(n − 1) to n − 1, so 1 gives none; 2.5 gives any number from −2.5 to 2.5. (Python tells 2 from 2.0, which gives any
   * number from −2 to 2; JavaScript cannot.) Default 0.
   */
  readonly widthShiftRange?: number | readonly number[];
  /** Shift drawn from the height and applied along the columns; otherwise as `widthShiftRange`. Default 0. */
  readonly heightShiftRange?: number | readonly number[];
  /** Shear by up to this many degrees either way, 0 or more. Default 0. */
  readonly shearRange?: number;
  /**
   * Zoom, drawn for each axis on its own: `[low, high]`, or a number z in [0, 1] for `[1 − z, 1 + z]`. Below 1 the photo
   * gets larger. Default 0.
   */
  readonly zoomRange?: number | readonly [low: number, high: number];
  /** Shift of all channels by up to this many levels either way, 0 or more. Default 0. */
  readonly channelShiftRange?: number;
  /** Factor of brightness `[low, high]`, 0 or more; 1 leaves it. Default none. */
  readonly brightnessRange?: readonly [low: number, high: number] | null;
  /** Whether half of the photos are mirrored left to right. Default false. */
  readonly horizontalFlip?: boolean;
  /** Whether half of the photos are mirrored top to bottom. Default false. */
  readonly verticalFlip?: boolean;
}

/** One transformation of one photo: what Keras's `get_random_transform` gives and `apply_transform` takes. */
export interface AffineTransform {
  /** Rotation in degrees. */
  readonly theta: number;
  /** Shift in pixels, along the columns (see {@link affineMatrix}). */
  readonly tx: number;
  /** Shift in pixels, along the rows. */
  readonly ty: number;
  /** Shear in degrees. */
  readonly shear: number;
  /** Zoom along the columns; below 1 the photo gets larger. */
  readonly zx: number;
  /** Zoom along the rows. */
  readonly zy: number;
  /** Whether to mirror left to right, after the above. */
  readonly flipHorizontal: boolean;
  /** Whether to mirror top to bottom, after the above. */
  readonly flipVertical: boolean;
  /** Levels to add to all channels; undefined for none. */
  readonly channelShiftIntensity: number | undefined;
  /** Factor of brightness; undefined for none. */
  readonly brightness: number | undefined;
}

type Row = readonly [number, number, number];

/** A 3×3 matrix, row by row. */
export type AffineMatrix = readonly [Row, Row, Row];

/** What errors call the class whose options these are. */
const owner = "ImageDataGenerator";

function isPair(value: unknown): value is readonly [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every(Number.isFinite);
}

/**
 * Checks the options of affine augmentation.
 *
 * @throws UsageError for the first one that cannot be used
 */
export function checkAffineOptions(options: AffineOptions): void {
  for (const name of ["rotationRange", "shearRange", "channelShiftRange"] as const) {
    const value = options[name];
    if (value !== undefined && !(Number.isFinite(value) && value >= 0))
      refuse(owner, name, "a number, 0 or more", value);
  }
  for (const name of ["widthShiftRange", "heightShiftRange"] as const) {
    const value = options[name];
    const usable =
      value === undefined ||
      (typeof value === "number"
        ? Number.isFinite(value) && value >= 0
        : Array.isArray(value) && value.every(Number.isFinite));
    if (!usable) refuse(owner, name, "a fraction below 1, a number of pixels from 1, or a list of either", value);
  }
  const { zoomRange, brightnessRange } = options;
  const zoomUsable =
    zoomRange === undefined ||
    (typeof zoomRange === "number"
      ? zoomRange >= 0 && zoomRange <= 1
      : isPair(zoomRange) && zoomRange[0] >= 0 && zoomRange[0] <= zoomRange[1]);
  if (!zoomUsable) refuse(owner, "zoomRange", "a number from 0 to 1, or [low, high] with 0 <= low <= high", zoomRange);
  const brightnessUsable =
    brightnessRange === undefined ||
    brightnessRange === null ||
    (isPair(brightnessRange) && brightnessRange[0] >= 0 && brightnessRange[0] <= brightnessRange[1]);
  if (!brightnessUsable) refuse(owner, "brightnessRange", "[low, high] with 0 <= low <= high", brightnessRange);
}

/** A shift in pixels from two numbers in [0, 1), with NumPy's `choice` for whole numbers and lists. */
function drawShift(range: number | readonly number[], extent: number, where: number, side: number): number {
  const sign = side < 0.5 ? -1 : 1;
  if (typeof range !== "number") {
    if (range.length === 0) return 0;
    const chosen = sign * (range[Math.floor(where * range.length)] ?? 0);
    // Keras looks at the largest of the list, so [-5, 0.5] are fractions.
    return Math.max(...range) < 1 ? chosen * extent : chosen;
  }
  if (Number.isInteger(range)) return sign * Math.floor(where * range);
  const shift = range * (2 * where - 1);
  return range < 1 ? shift * extent : shift;
}

/**
 * Draws the transformation of one photo, with the distributions of Keras's `get_random_transform`.
 *
 * It always draws as many random numbers, so that switching an option on leaves what the others give. The numbers are not
 * NumPy's: only the distributions are Keras's.
 *
 * @param options ranges
 * @param height of the photo, in pixels: unit of a fractional `heightShiftRange`
 * @param width of the photo, in pixels: unit of a fractional `widthShiftRange`
 * @param generator where the random numbers come from
 * @throws UsageError when an option cannot be used
 * @see https://keras.io/api/data_loading/image/ `ImageDataGenerator`
 */
export function getRandomTransform(
  options: AffineOptions,
  height: number,
  width: number,
  generator: Generator,
): AffineTransform {
  checkAffineOptions(options);
  const draws = Array.from({ length: 12 }, () => generator.uniform());
  const unit = (index: number) => draws[index] ?? 0;
  const between = (low: number, high: number, index: number) => low + (high - low) * unit(index);
  // Adding zero turns −0, which JSON does not keep, into 0.
  const within = (range: number, index: number) => between(-range, range, index) + 0;
  const { rotationRange = 0, shearRange = 0, zoomRange = 0, channelShiftRange = 0 } = options;
  const [zoomLow, zoomHigh] = typeof zoomRange === "number" ? [1 - zoomRange, 1 + zoomRange] : zoomRange;
  const brightness = options.brightnessRange ?? undefined;
  return {
    theta: within(rotationRange, 0),
    tx: drawShift(options.heightShiftRange ?? 0, height, unit(1), unit(2)) + 0,
    ty: drawShift(options.widthShiftRange ?? 0, width, unit(3), unit(4)) + 0,
    shear: within(shearRange, 5),
    zx: between(zoomLow, zoomHigh, 6),
    zy: between(zoomLow, zoomHigh, 7),
    flipHorizontal: options.horizontalFlip === true && unit(8) < 0.5,
    flipVertical: options.verticalFlip === true && unit(9) < 0.5,
    channelShiftIntensity: channelShiftRange === 0 ? undefined : within(channelShiftRange, 10),
    brightness: brightness === undefined ? undefined : between(brightness[0], brightness[1], 11),
  };
}

function multiply(a: AffineMatrix, b: AffineMatrix): AffineMatrix {
  const row = ([x, y, z]: Row): Row => [
    x * b[0][0] + y * b[1][0] + z * b[2][0],
    x * b[0][1] + y * b[1][1] + z * b[2][1],
    x * b[0][2] + y * b[1][2] + z * b[2][2],
  ];
  return [row(a[0]), row(a[1]), row(a[2])];
}

function shift(first: number, second: number): AffineMatrix {
  return [
    [1, 0, first],
    [0, 1, second],
    [0, 0, 1],
  ];
}

/**
 * The matrix that says where each pixel of the transformed photo comes from:
 * `[row, column, 1] of the photo = matrix · [row, column, 1] of the result`, in pixels, with pixel centres at whole numbers.
 *
 * It is rotation · shift · shear · zoom about the centre, and then the flips, exactly as Keras has it, with two
 * peculiarities that Keras's own numbers show: `tx`, which is drawn from the height, moves along the columns and `ty`
 * along the rows; and the centre is taken to be row `width/2 − 0.5`, column `height/2 − 0.5`, which for a photo that is not
 * square is not its centre.
 *
 * @param transform what to do; parts left out do nothing
 * @param height of the photo and of the result, in pixels
 * @param width of the photo and of the result, in pixels
 * @returns 3×3; the last row is [0, 0, 1]
 * @see https://keras.io/api/data_loading/image/ `ImageDataGenerator.apply_transform`
 */
export function affineMatrix(transform: Partial<AffineTransform>, height: number, width: number): AffineMatrix {
  const { theta = 0, tx = 0, ty = 0, shear = 0, zx = 1, zy = 1 } = transform;
  const { flipHorizontal = false, flipVertical = false } = transform;
  const radians = Math.PI / 180;
  const [sin, cos] = [Math.sin(theta * radians), Math.cos(theta * radians)];
  // Keras composes in coordinates of which the first becomes the column and the second the row.
  const [centreX, centreY] = [height / 2 - 0.5, width / 2 - 0.5];
  const factors: readonly AffineMatrix[] = [
    shift(centreX, centreY),
    [
      [cos, -sin, 0],
      [sin, cos, 0],
      [0, 0, 1],
    ],
    shift(tx, ty),
    [
      [1, -Math.sin(shear * radians), 0],
      [0, Math.cos(shear * radians), 0],
      [0, 0, 1],
    ],
    [
      [zx, 0, 0],
      [0, zy, 0],
      [0, 0, 1],
    ],
    shift(-centreX, -centreY),
  ];
  const [x, y, last] = factors.reduce(multiply, shift(0, 0));
  const moved: AffineMatrix = [[y[1], y[0], y[2]], [x[1], x[0], x[2]], last];
  return multiply(moved, [
    [flipVertical ? -1 : 1, 0, flipVertical ? height - 1 : 0],
    [0, flipHorizontal ? -1 : 1, flipHorizontal ? width - 1 : 0],
    [0, 0, 1],
  ]);
}
