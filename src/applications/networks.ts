import type { Network, NetworkRecord } from "./backbone.js";
import { convNeXtNetworks } from "./convnext.js";
import { densenetNetworks } from "./densenet.js";
import { mobileNetV2Network } from "./detector-mobilenetv2.js";
import { hubRecords } from "./hub-networks.js";
import { publishedAccuracy } from "./published-accuracy.js";
import { efficientNetV2Networks } from "./efficientnet-v2.js";
import { efficientNetNetworks } from "./efficientnet.js";
import { inceptionResnetV2Network } from "./inception-resnet-v2.js";
import { inceptionV3Network } from "./inception-v3.js";
import { mobileNetV2ImagenetNetwork } from "./mobilenet-v2.js";
import { mobileNetV3Networks } from "./mobilenet-v3.js";
import { mobileNetNetwork } from "./mobilenet.js";
import { nasnetNetworks } from "./nasnet.js";
import { resnetNetworks } from "./resnet.js";
import { vggNetworks } from "./vgg.js";
import { xceptionNetwork } from "./xception.js";

/** The networks that have names, in the order in which they are listed. */
export const networks: readonly Network[] = [
  mobileNetV2Network,
  ...vggNetworks,
  ...resnetNetworks,
  ...densenetNetworks,
  xceptionNetwork,
  inceptionV3Network,
  inceptionResnetV2Network,
  ...nasnetNetworks,
  mobileNetNetwork,
  mobileNetV2ImagenetNetwork,
  ...mobileNetV3Networks,
  ...efficientNetNetworks,
  ...efficientNetV2Networks,
  ...convNeXtNetworks,
];

/** What is said of the networks that have names, those of the hub last. */
export function networkRecords(): readonly NetworkRecord[] {
  const named = networks.map(({ record }) => ({ ...record, accuracy: publishedAccuracy(record.name) }));
  return [...named, ...hubRecords];
}
