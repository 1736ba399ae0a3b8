import { edges, type Picture, type ScoreOf, scoresPainted, wholePicture } from "./painted.js";

/** How many cells each side of the picture has. */
export const cellsASide = 8;

/** How many cells a patch is high and wide: neighbours overlap. */
const cellsAPatch = 2;

/** Where a patch begins and ends, in cells. All are of one size, so that what falls below them can be compared. */
function patches(): readonly (readonly [from: number, to: number])[] {
  return Array.from({ length: cellsASide - cellsAPatch + 1 }, (_, from) => [from, from + cellsAPatch] as const);
}

/**
 * How much a score falls where a patch of the picture's mean colour lies over it: slow, and true whatever the network is made of.
 *
 * @param picture as the network takes it
 * @returns `cellsASide × cellsASide` over the part that is seen, row by row: the mean fall over the patches that cover a cell; negative where
 * it rises
 * @see Zeiler & Fergus 2014, Visualizing and Understanding Convolutional Networks
 */
export async function occlusionHeat(picture: Picture, scoreOf: ScoreOf): Promise<Float32Array> {
  const { part } = picture;
  const [rows, columns] = [edges(part.top, part.height, cellsASide), edges(part.left, part.width, cellsASide)];
  const all = patches().flatMap((down) => patches().map((across) => ({ down, across })));
  const covered = all.map(({ down, across }) => [
    {
      top: rows[down[0]] ?? 0,
      bottom: rows[down[1]] ?? 0,
      left: columns[across[0]] ?? 0,
      right: columns[across[1]] ?? 0,
    },
  ]);
  const [whole = 0] = await scoreOf(wholePicture(picture));
  const scores = await scoresPainted(picture, covered, scoreOf);
  const heat = new Float32Array(cellsASide * cellsASide);
  const times = new Float32Array(heat.length);
  all.forEach(({ down, across }, index) => {
    for (let row = down[0]; row < down[1]; row++) {
      for (let column = across[0]; column < across[1]; column++) {
        const cell = row * cellsASide + column;
        heat[cell] = (heat[cell] ?? 0) + whole - (scores[index] ?? whole);
        times[cell] = (times[cell] ?? 0) + 1;
      }
    }
  });
  return heat.map((sum, cell) => sum / (times[cell] ?? 1));
}
