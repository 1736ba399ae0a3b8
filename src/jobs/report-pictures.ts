import { decodeAhead } from "../photos/decode-ahead.js";
import { seenPart } from "../photos/framing.js";
import type { PhotoExplainer } from "../recipe/explain/open-explainer.js";
import { heatPicture } from "../report/heat-picture.js";
import type { Pictures } from "../report/html/report-data.js";
import { pagePicture, shrunk } from "../report/page-picture.js";
import type { SaidOfPhoto } from "../report/said-of-photo.js";

/** Longest sides in pixels. */
const sides = { small: 112, large: 240 };

/** Of WebP: what is small is looked at, not looked into. */
const qualities = { small: 55, large: 70 };

/** Characters of all pictures: with them, a page of 10,000 photos stays below 5 MB. */
const mostCharacters = 3e6;

/** So many heat maps are drawn where only occlusion suits the network, which takes as long as fifty predictions. */
const mostSlow = 6;

/** Which pictures a page wants. */
export interface WantedPictures {
  readonly large: readonly SaidOfPhoto[];
  /** The most important ones first: as many as there is room for are made. */
  readonly small: readonly string[];
  /** Where a photo is; `undefined` where nobody knows whether it is still the same. */
  readonly place: (path: string) => { readonly path: string; readonly hash?: string | undefined } | undefined;
  /** How often a small picture stands in the page. */
  readonly uses: (path: string) => number;
}

/**
 * Makes the pictures of a page; photos that cannot be read have none.
 *
 * @param explainer draws where it sees what speaks for the class that it names
 * @param onPhoto hears of each photo that was looked at
 * @param signal ends the work early: then some pictures are missing
 */
export async function reportPictures(
  { large, small, place, uses }: WantedPictures,
  explainer: PhotoExplainer,
  onPhoto: () => void,
  signal?: AbortSignal,
): Promise<Pictures> {
  const made = {
    small: new Map<string, string>(),
    large: new Map<string, { photo: string; heat: string | undefined }>(),
  };
  let slow = 0;
  let characters = 0;
  const placed = <Item extends { readonly name: string }>(items: readonly Item[]) =>
    items.flatMap((item) => {
      const found = place(item.name);
      return found === undefined ? [] : [{ ...item, ...found }];
    });
  const { framing, shrinksTo } = explainer;
  const told = placed(large.map((said) => ({ name: said.path, said })));
  for await (const decoded of decodeAhead(told, { resizedTo: Math.max(sides.large, shrinksTo ?? 0) })) {
    if (signal?.aborted === true) break;
    onPhoto();
    if ("reason" in decoded) continue;
    const { photo, item } = decoded;
    let heat: string | undefined;
    if (slow < mostSlow) {
      const explanation = await explainer.explain(photo, item.said.said[0].classIndex, true);
      if (explanation.method === "occlusion") slow++;
      const drawn = await heatPicture(photo, explanation.heat, seenPart(framing, photo), sides.large);
      heat = await pagePicture(drawn, qualities.large);
    }
    const pair = { photo: await pagePicture(shrunk(photo, sides.large), qualities.large), heat };
    characters += pair.photo.length + (heat?.length ?? 0);
    made.large.set(item.name, pair);
  }
  const rest = placed([...new Set(small)].map((name) => ({ name })));
  for await (const decoded of decodeAhead(rest, { resizedTo: sides.small })) {
    if (signal?.aborted === true || characters > mostCharacters) break;
    onPhoto();
    if ("reason" in decoded) continue;
    const picture = await pagePicture(shrunk(decoded.photo, sides.small), qualities.small);
    characters += picture.length * Math.max(1, uses(decoded.item.name));
    made.small.set(decoded.item.name, picture);
  }
  return { small: (path) => made.small.get(path), large: (path) => made.large.get(path) };
}
