import type { Network, NetworkRecord } from "./backbone.js";
import { mobileNetV2Network } from "./mobilenetv2.js";
import { vggNetworks } from "./vgg.js";

/** The networks that have names, in the order in which they are listed. */
export const networks: readonly Network[] = [mobileNetV2Network, ...vggNetworks];

/** What is said of the networks that have names. */
export function networkRecords(): readonly NetworkRecord[] {
  return networks.map(({ record }) => record);
}
