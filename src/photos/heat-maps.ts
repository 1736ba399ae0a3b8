import { photoExtensions } from "./photo-format.js";

/** Pictures that `graft explain` has drawn beside photos: `cat.jpg.heat.png`, `cat.jpg.heat-2.png`. */
const heatMap = new RegExp(String.raw`(\.(?:${photoExtensions.join("|")}))\.heat(?:-\d+)?\.png$`, "i");

/** Whether a file has the name of such a picture. */
export function isHeatMap(path: string): boolean {
  return heatMap.test(path);
}

/** The photo that such a picture was drawn of: the name without what was put behind it. */
export function photoOfHeatMap(path: string): string {
  return path.replace(heatMap, "$1");
}
