import sharp from "sharp";
import { harmlessName } from "../errors/harmless.js";
import type { Evaluation } from "./confusion.js";
import { colours } from "./svg-chart.js";
import { shorten, textWidth } from "./text-width.js";
import { xmlText } from "./xml-text.js";

/** A picture as bytes, with its sides in pixels. */
export interface RasterPicture {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Sides of the matrix and of its cells, in pixels, as far as the number of classes allows. */
const matrixSide = 640;
const largestCell = 72;
/** Cells that are smaller hold no numbers, and have no names beside them. */
const smallestWithNumber = 20;
const smallestWithName = 11;
/** Longer names are cut off. */
const mostLetters = 20;
const margin = 16;
/** For what the axes are. */
const axisSpace = 26;
const nameSize = 13;
/** Width of a letter and of a blank at the end, as a share of its size: about that of all fonts without serifs. */
const letterWidth = 0.6;

/**
 * The confusion as a picture: a row for each class, in which photos of the class are shared out among what they were taken for; right ones
 * blue, mistakes red, the darker the larger the share. Names need a font on this computer.
 *
 * @returns a PNG
 */
export async function confusionPicture({
  confusion,
  perClass,
}: Pick<Evaluation, "confusion" | "perClass">): Promise<RasterPicture> {
  const classes = perClass.length;
  const cell = Math.max(1, Math.min(largestCell, Math.floor(matrixSide / classes)));
  const names = cell >= smallestWithName ? perClass.map(({ label }) => shorten(harmlessName(label), mostLetters)) : [];
  const nameSpace = names.length === 0 ? 0 : 12 + letterWidth * nameSize * Math.max(...names.map(textWidth));
  const left = Math.ceil(margin + axisSpace + nameSpace);
  const top = margin;
  const side = cell * classes;
  const width = left + side + margin;
  const height = Math.ceil(top + side + nameSpace + axisSpace + margin);
  const parts = [
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<rect x="${left - 0.5}" y="${top - 0.5}" width="${side + 1}" height="${side + 1}" fill="none" stroke="${colours.faint}"/>`,
    ...confusion.flatMap((row, truth) => cellsOf(row, truth, { left, top, cell })),
    ...names.flatMap((name, index) => namesOf(name, index, { left, top, cell, side })),
    text("taken for", left + side / 2, height - margin, { anchor: "middle" }),
    text("photos of", margin + 12, top + side / 2, { anchor: "middle", turned: true }),
  ];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${parts.join("")}</svg>`;
  // Of very many classes the picture is shrunk to what a page shows.
  const { data, info } = await sharp(Buffer.from(svg), { limitInputPixels: false, unlimited: true })
    .resize({ width: 1000, height: 1000, fit: "inside", withoutEnlargement: true })
    .png({ palette: false })
    .toBuffer({ resolveWithObject: true });
  return { bytes: new Uint8Array(data), width: info.width, height: info.height };
}

interface Place {
  readonly left: number;
  readonly top: number;
  readonly cell: number;
}

function cellsOf(row: readonly number[], truth: number, { left, top, cell }: Place): string[] {
  const photos = row.reduce((sum, count) => sum + count, 0);
  return row.flatMap((count, predicted) => {
    if (count === 0) return [];
    const [x, y] = [left + predicted * cell, top + truth * cell];
    const share = count / photos;
    const fill = truth === predicted ? colours.blue : colours.red;
    // A single mistake among a thousand photos is to be seen, too.
    const opacity = (0.15 + 0.85 * share).toFixed(3);
    const box = `<rect x="${x}" y="${y}" width="${cell}" height="${cell}" fill="${fill}" fill-opacity="${opacity}"/>`;
    if (cell < smallestWithNumber) return [box];
    const ink = share > 0.5 ? "#ffffff" : colours.ink;
    const size = Math.min(16, (1.5 * cell) / Math.max(2, String(count).length));
    return [box, text(String(count), x + cell / 2, y + cell / 2 + size * 0.36, { anchor: "middle", ink, size })];
  });
}

function namesOf(name: string, index: number, place: Place & { readonly side: number }): string[] {
  const { left, top, cell, side } = place;
  const size = Math.min(nameSize, cell);
  const middle = index * cell + cell / 2 + size * 0.36;
  return [
    text(name, left - 6, top + middle, { anchor: "end", size }),
    text(name, left + middle, top + side + 6, { anchor: "end", turned: true, size }),
  ];
}

/** @param turned whether it is to be read from below */
function text(
  words: string,
  x: number,
  y: number,
  {
    anchor,
    turned = false,
    ink = colours.ink,
    size = nameSize,
  }: { readonly anchor: "middle" | "end"; readonly turned?: boolean; readonly ink?: string; readonly size?: number },
): string {
  const turn = turned ? ` transform="rotate(-90 ${x} ${y})"` : "";
  return (
    `<text x="${x}" y="${y}"${turn} fill="${ink}" font-family="sans-serif" font-size="${size}" ` +
    `text-anchor="${anchor}">${xmlText(words)}</text>`
  );
}
