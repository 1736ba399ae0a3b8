import type { Network, NetworkRecord } from "./backbone.js";
import { convNeXtNetworks } from "./convnext.js";
import { mobileNetV2Network } from "./detector-mobilenetv2.js";
import { efficientNetV2Networks } from "./efficientnet-v2.js";
import { efficientNetNetworks } from "./efficientnet.js";
import { mobileNetV2ImagenetNetwork } from "./mobilenet-v2.js";
import { mobileNetV3Networks } from "./mobilenet-v3.js";
import { mobileNetNetwork } from "./mobilenet.js";
import { vggNetworks } from "./vgg.js";

/** The networks that have names, in the order in which they are listed. */
export const networks: readonly Network[] = [
  mobileNetV2Network,
  ...vggNetworks,
  mobileNetNetwork,
  mobileNetV2ImagenetNetwork,
  ...mobileNetV3Networks,
  ...efficientNetNetworks,
  ...efficientNetV2Networks,
  ...convNeXtNetworks,
];

/** What is said of the networks that have names. */
export function networkRecords(): readonly NetworkRecord[] {
  return networks.map(({ record }) => record);
}
