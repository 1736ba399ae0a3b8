import { layersOfGraph, type PictureArithmetic } from "../../formats/layers/layers-of-graph.js";
import type { Dialect, LayerGraph } from "../../formats/layers/layer-spec.js";
import { foldConstants } from "../../runtime/fold-constants.js";
import type { Runtime } from "../../runtime/runtime.js";
import { checkLayers } from "./check-layers.js";
import type { ClassifierNetwork } from "./exportable.js";

/**
 * A classifier as layers that say what it says. Weights that its graph computes from others, as networks without normalization do, are
 * computed before.
 *
 * @param before what is done to the pixels that the layers take, so that they are what the network takes
 * @param fed what the layers take of levels in [0, 255]: `level · scale + offset`
 * @throws UsageError for a network that is not made of what layers can do; it names the operator
 * @throws EngineError when the layers do not say what the classifier says
 */
export async function checkedLayers(
  runtime: Runtime,
  network: ClassifierNetwork,
  {
    before,
    fed,
  }: { readonly before: PictureArithmetic; readonly fed: { readonly scale: number; readonly offset: number } },
  dialect: Dialect,
): Promise<LayerGraph> {
  const { normalized, probabilities, framing } = network;
  const [output = probabilities] = await foldConstants(runtime, [probabilities]);
  const layers = layersOfGraph({ picture: normalized, output, side: framing.size, before }, dialect);
  await checkLayers(runtime, network, layers, fed);
  return layers;
}
