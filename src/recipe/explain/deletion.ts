import { edges, type Picture, type Rectangle, type ScoreOf, scoresPainted } from "./painted.js";

/** What speaks for a class, in numbers of any size, over the part of a picture that is seen. */
export interface Heat {
  readonly rows: number;
  readonly columns: number;
  /** Row by row. */
  readonly values: Float32Array;
}

/** How much of what is seen is painted over. */
const share = 0.2;

/**
 * The scores that are left where what maps show hottest, a fifth of what is seen, is painted over: the lower, the more a map has found.
 *
 * @param picture as the network takes it
 * @returns a score for each map
 * @see Petsiuk et al. 2018, RISE: its figure of deletion, at one point of its curve
 */
export async function scoresWithoutHottest(
  picture: Picture,
  heats: readonly Heat[],
  scoreOf: ScoreOf,
): Promise<readonly number[]> {
  return scoresPainted(
    picture,
    heats.map((heat) => cellsOf(picture, heat, hottest(heat))),
    scoreOf,
  );
}

/** Numbers of the hottest cells. */
function hottest({ values }: Heat): readonly number[] {
  const order = Array.from(values.keys()).sort((one, other) => (values[other] ?? 0) - (values[one] ?? 0));
  return order.slice(0, Math.max(1, Math.round(share * values.length)));
}

function cellsOf({ part }: Picture, heat: Heat, cells: readonly number[]): readonly Rectangle[] {
  const rows = edges(part.top, part.height, heat.rows);
  const columns = edges(part.left, part.width, heat.columns);
  return cells.map((cell) => {
    const [row, column] = [Math.floor(cell / heat.columns), cell % heat.columns];
    return {
      top: rows[row] ?? 0,
      bottom: rows[row + 1] ?? 0,
      left: columns[column] ?? 0,
      right: columns[column + 1] ?? 0,
    };
  });
}
