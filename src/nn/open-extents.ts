import { GraftError } from "../errors/errors.js";
import type { Dim, Shape } from "../graph/shape.js";
import type { ValueType } from "../graph/value.js";

/**
 * Two sizes that stand for one that is not known. Both can be halved six times, so that what networks make of sizes that suit
 * them fits together again: an upsampled map and the one that it is joined with.
 */
const probes = [384, 576] as const;
type Extents = readonly [number, number];

/** What derived extents are for each of the two sizes, by their names. */
const derived = new Map<string, Extents>();

function known(dim: Dim): Extents {
  if (typeof dim === "number") return [dim, dim];
  const found = derived.get(dim);
  if (found !== undefined) return found;
  const factors = dim
    .split("*")
    .map((factor): Extents => (/^\d+$/.test(factor) ? [+factor, +factor] : (derived.get(factor) ?? probes)));
  return factors.reduce<Extents>((product, [a, b]) => [product[0] * a, product[1] * b], [1, 1]);
}

/** `S/2-1`, where S is the size that is not known. */
function formula([first, second]: Extents): string {
  const slope = (second - first) / (probes[1] - probes[0]);
  const offset = first - slope * probes[0];
  const inverse = Math.round(1 / slope);
  const size = slope === 1 ? "S" : Number.isInteger(slope) ? `${slope}S` : `S/${inverse}`;
  const isSimple = slope > 0 && Number.isInteger(offset) && (Number.isInteger(slope) || inverse * slope === 1);
  if (!isSimple) return `S${first}`;
  return offset === 0 ? size : `${size}${offset > 0 ? "+" : ""}${offset}`;
}

/** The name of an extent that varies: that of an input which is always the same, if there is one. */
function nameOf(extents: Extents, axis: number, inputs: readonly ValueType[]): string {
  const same = (dim: Dim | undefined): dim is string =>
    typeof dim === "string" && known(dim)[0] === extents[0] && known(dim)[1] === extents[1];
  const candidates = [...inputs.map(({ shape }) => shape[axis]), ...inputs.flatMap(({ shape }) => shape.slice(1))];
  const name = candidates.find(same) ?? formula(extents);
  derived.set(name, extents);
  return name;
}

function hasOpen(shape: Shape): boolean {
  return shape.slice(1).some((dim) => typeof dim === "string");
}

/**
 * Finds types and shapes of a layer's outputs, where extents of its inputs behind the batch may not be known. What cannot be
 * said by symbols (a convolution's output, say) is found by computing the shapes for two sizes: an extent that is the same for
 * both is known, the others get a name. So no operator has to compute with unknown extents; programs are written for the
 * sizes that come.
 *
 * @param infer as for known extents
 * @throws GraftError what `infer` throws for known sizes
 */
export function inferOpen(
  inputs: readonly ValueType[],
  infer: (inputs: readonly ValueType[]) => readonly ValueType[],
): readonly ValueType[] {
  if (!inputs.some(({ shape }) => hasOpen(shape))) return infer(inputs);
  try {
    return infer(inputs);
  } catch (error) {
    if (!(error instanceof GraftError)) throw error;
  }
  const [small, large] = ([0, 1] as const).map((probe) =>
    infer(
      inputs.map(({ type, shape }) => ({
        type,
        shape: shape.map((dim, axis) => (axis === 0 ? dim : known(dim)[probe])),
      })),
    ),
  );
  return (small ?? []).map(({ type, shape }, index) => ({
    type,
    shape: shape.map((dim, axis): Dim => {
      const other = large?.[index]?.shape[axis];
      if (typeof dim !== "number" || typeof other !== "number" || dim === other) return dim;
      return nameOf([dim, other], axis, inputs);
    }),
  }));
}
