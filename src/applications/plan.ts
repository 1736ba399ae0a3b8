import { checkOptionNames, isWhole, refuse, text } from "../errors/check.js";
import { resolveActivation } from "../nn/activations/index.js";
import { SymbolicTensor } from "../nn/symbolic-tensor.js";
import { type ApplicationOptions, applicationOptions } from "./application-options.js";
import type { Architecture, Plan } from "./architecture.js";
import type { PreprocessMode } from "./preprocess.js";

/** The preprocessing that an architecture wants with options of its family. */
export function modeOf<Own extends object>({ preprocess }: Architecture<Own>, own: Own): PreprocessMode {
  return typeof preprocess === "string" ? preprocess : preprocess(own);
}

/**
 * What a call asks for, by Keras's rules.
 *
 * @throws UsageError for an option that is not usable
 */
export function planOf<Own extends object>(architecture: Architecture<Own>, options: ApplicationOptions): Plan<Own> {
  const { className, own, name } = architecture;
  checkOptionNames(className, options, [...applicationOptions, ...Object.keys(own)]);
  const { weights = "imagenet", includeTop = true, pooling = null, classes = 1000 } = options;
  if (weights !== null) text(className, "weights", weights);
  if (!isWhole(classes, 1)) refuse(className, "classes", "a whole number of at least 1", classes);
  if (weights === "imagenet" && includeTop && classes !== 1000) {
    refuse(className, "classes", "1000, as the classifier of ImageNet has, or includeTop: false", classes);
  }
  const { classifierActivation: activation = "softmax" } = options;
  if (includeTop && weights !== null && !["softmax", "linear"].includes(resolveActivation(activation).name)) {
    const expected = '"softmax" or null with weights that were trained, or weights: null';
    refuse(className, "classifierActivation", expected, activation);
  }
  const asked = {
    own: ownOf(own, options),
    ...{ weights, includeTop, classes, activation: activation ?? "linear" },
    pooling: poolingOf(className, pooling),
    shape: photoShape(architecture, { weights, includeTop, ...shapesOf(className, options) }),
  };
  const { name: named = null } = options;
  const given = named === null ? undefined : text(className, "name", named);
  architecture.check?.(asked);
  return { ...asked, name: given ?? (typeof name === "string" ? name : name(asked)) };
}

/** The family's options, with defaults in place of what was left away. */
function ownOf<Own extends object>(defaults: Own, options: object): Own {
  const given = Object.entries(options).filter(([name, value]) => name in defaults && value !== undefined);
  return { ...defaults, ...Object.fromEntries(given) };
}

function poolingOf(className: string, pooling: unknown): Plan["pooling"] {
  if (pooling === null || pooling === "avg" || pooling === "max") return pooling;
  return refuse(className, "pooling", '"avg", "max" or null', pooling);
}

type Side = number | null;

/** Shapes of photos as the options say them. */
interface GivenShapes {
  readonly inputShape: readonly Side[] | undefined;
  /** That of `inputTensor`. */
  readonly tensorShape: readonly Side[] | undefined;
}

/** @throws UsageError when one of them is none of photos, or they are not the same */
function shapesOf(
  className: string,
  { inputShape, inputTensor }: { readonly inputShape?: unknown; readonly inputTensor?: unknown },
): GivenShapes {
  const list: unknown = inputShape ?? undefined;
  const isSide = (side: unknown): side is Side => side === null || isWhole(side, 1);
  const isShape = (value: unknown): value is readonly Side[] =>
    Array.isArray(value) && value.length === 3 && value.every(isSide) && value[2] !== null;
  if (list !== undefined && !isShape(list)) {
    refuse(className, "inputShape", "[height, width, channels], where a side may be null", list);
  }
  if (inputTensor === undefined || inputTensor === null) return { inputShape: list, tensorShape: undefined };
  const expected = "a placeholder of photos, [N, height, width, channels]: what layers.Input or layer.apply gives";
  if (!(inputTensor instanceof SymbolicTensor) || inputTensor.call === undefined) {
    return refuse(className, "inputTensor", expected, inputTensor);
  }
  const tensorShape = inputTensor.shape.slice(1).map((extent) => (typeof extent === "number" ? extent : null));
  if (!isShape(tensorShape)) return refuse(className, "inputTensor", expected, inputTensor.shape);
  const differs = (side: Side, axis: number): boolean => side !== null && side !== (list?.[axis] ?? side);
  if (tensorShape.some(differs)) refuse(className, "inputShape", `that of inputTensor, ${words(tensorShape)}`, list);
  return { inputShape: list, tensorShape };
}

function words(shape: readonly Side[]): string {
  return `[${shape.map((side) => side ?? "null").join(", ")}]`;
}

/**
 * The shape of a photo, by Keras's rules: the published classifier takes the size that it was trained with, another one a size that
 * is known, published weights three channels, and no side may be smaller than what the network leaves something of.
 */
function photoShape<Own extends object>(
  architecture: Architecture<Own>,
  asked: GivenShapes & { readonly weights: string | null; readonly includeTop: boolean },
): readonly Side[] {
  const { className, imageSizes, smallestSide, openTop = false, fixedSize = false } = architecture;
  const { weights, includeTop, inputShape, tensorShape } = asked;
  const isOpen = openTop || !includeTop;
  const side = isOpen && !fixedSize ? null : imageSizes[0];
  const shape = tensorShape ?? inputShape ?? [side, side, 3];
  const [height = null, width = null, channels] = shape;
  const option = tensorShape === undefined ? "inputShape" : "inputTensor";
  if (weights === "imagenet" && includeTop && !openTop) {
    const fits = height === width && imageSizes.some((size) => size === height) && channels === 3;
    const sizes = imageSizes.map((size) => `[${size}, ${size}, 3]`).join(" or ");
    if (!fits) refuse(className, option, `${sizes} with the classifier of ImageNet, or includeTop: false`, shape);
  }
  const large = (extent: Side): boolean => (extent === null ? isOpen : extent >= smallestSide);
  if (large(height) && large(width) && (weights !== "imagenet" || channels === 3)) return shape;
  const expected =
    `[height, width, ${weights === "imagenet" ? "3" : "channels"}] with sides of ${smallestSide} pixels or more` +
    (isOpen ? ", or null for any" : "");
  return refuse(className, option, expected, shape);
}
