import { count } from "../../errors/words.js";
import { type Cell, cellsOf } from "../chosen-photos.js";
import { shortName } from "./short-name.js";
import { percent } from "../words.js";
import type { SaidOfPhoto } from "../said-of-photo.js";
import { html, type Markup } from "./markup.js";
import { photoMarkup, smallFigure } from "./photo-figure.js";
import type { ReportData } from "./report-data.js";

/** Up to how many classes there is a matrix; beyond, a list of the most frequent mistakes. */
const squareClasses = 30;

/** A matrix of more is made to fit the paper when it is printed. */
const roomyClasses = 8;

/** Longer names lose their middle beside and above the matrix; the figures of each class have them in full. */
const nameLengths = { row: 60, column: 26 };

/** So many mistakes are listed where there is no matrix. */
const listedCells = 200;

/** So many photos of a cell are named, those with pictures among them, and so many without of all cells. */
const namedPhotos = { ofCell: 100, ofAll: 4000 };

function cellId({ truth, predicted }: Pick<Cell, "truth" | "predicted">): string {
  return `cell-${truth + 1}-${predicted + 1}`;
}

function link(data: ReportData, cell: Cell): Markup {
  const { classes } = data;
  const named = classes[cell.predicted] ?? "";
  const words =
    cell.truth === cell.predicted
      ? `${count(cell.photos.length, "photo")} of ${named} recognised`
      : `${count(cell.photos.length, "photo")} of ${classes[cell.truth] ?? ""} taken for ${named}`;
  return html`<a href="#${cellId(cell)}" aria-label="${words}">${cell.photos.length}</a>`;
}

function matrix(data: ReportData, cells: readonly Cell[]): Markup {
  const { classes, measured } = data;
  const byPlace = new Map(cells.map((cell) => [cellId(cell), cell]));
  const rows = classes.map((label, truth) => {
    const photos = measured.evaluation.perClass[truth]?.photos ?? 0;
    const columns = classes.map((_, predicted) => {
      const cell = byPlace.get(cellId({ truth, predicted }));
      if (cell === undefined) return html`<td class="none">·</td>`;
      const kind = truth === predicted ? "right" : "wrong";
      const share = Math.round((100 * cell.photos.length) / Math.max(1, photos));
      return html`<td class="${kind}" style="--share:${share}%">${link(data, cell)}</td>`;
    });
    return html`<tr>
      <th scope="row">${shortName(label, nameLengths.row)}</th>
      ${columns}
    </tr> `;
  });
  const isWide = classes.length > roomyClasses;
  return html`<div class="scroll" role="region" aria-label="Confusion matrix" tabindex="0">
    <table class="${isWide ? "matrix many" : "matrix"}" style="--classes:${classes.length}">
      <caption>
        Rows: what the photos are. Columns: what they were taken for. A number opens its photos.
      </caption>
      <thead>
        <tr>
          <td class="corner"></td>
          ${classes.map((label) => html`<th scope="col">${shortName(label, nameLengths.column)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

function list(data: ReportData, cells: readonly Cell[]): Markup {
  const mistakes = cells.filter(({ truth, predicted }) => truth !== predicted);
  if (mistakes.length === 0) return html`<p>No photo was taken for another class.</p>`;
  const rows = mistakes.slice(0, listedCells).map(
    (cell) =>
      html`<tr>
        <th scope="row">${data.classes[cell.truth]}</th>
        <td>${data.classes[cell.predicted]}</td>
        <td>${link(data, cell)}</td>
      </tr> `,
  );
  const more = mistakes.length - rows.length;
  return html`<div class="scroll" role="region" aria-label="The most frequent mistakes" tabindex="0">
    <table class="numbers pairs">
      <caption>
        The most frequent mistakes${more > 0 ? `; ${more} more pairs of classes were mixed up` : ""}. A number opens its
        photos.
      </caption>
      <thead>
        <tr>
          <th scope="col">photos of</th>
          <th scope="col">taken for</th>
          <th scope="col">times</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

/** @param shown photos of the cell that are shown or named */
function photosOf(data: ReportData, cell: Cell, shown: Cell["photos"]): Markup {
  const { classes } = data;
  const isMistake = cell.truth !== cell.predicted;
  const [own, other] = [classes[cell.truth] ?? "", classes[cell.predicted] ?? ""];
  const heading = isMistake
    ? html`<bdi>${own}</bdi> taken for <bdi>${other}</bdi>`
    : html`<bdi>${own}</bdi> recognised`;
  const more = cell.photos.length - shown.length;
  return html`<section class="cell" id="${cellId(cell)}" aria-labelledby="${cellId(cell)}-title">
    <h3 id="${cellId(cell)}-title">${heading}: ${count(cell.photos.length, "photo")}</h3>
    <p><a href="#confusion">Back to all classes</a></p>
    <ul class="photos">
      ${shown.map((photo) => smallFigure(data, photo.path, photoMarkup(data, photo)))}
    </ul>
    ${more > 0 ? html`<p>${shown.length > 0 ? `And ${more} more.` : `${count(more, "photo")} without a picture.`}</p>` : undefined}
  </section> `;
}

/** What photos were taken for: numbers that open their photos. */
export function confusionSection(data: ReportData): Markup {
  const cells = cellsOf(data.measured.said);
  const isSquare = data.classes.length <= squareClasses;
  const opened = isSquare ? cells : cells.filter(({ truth, predicted }) => truth !== predicted).slice(0, listedCells);
  const { pictures } = data;
  let room = namedPhotos.ofAll;
  const lists = opened.map((cell) => {
    const hasPicture = ({ path }: SaidOfPhoto): boolean => pictures.small(path) !== undefined;
    const shown = cell.photos.filter(hasPicture);
    // What was recognised needs no list of names.
    const most = cell.truth === cell.predicted ? 0 : Math.max(0, Math.min(room, namedPhotos.ofCell - shown.length));
    const named = cell.photos.filter((photo) => !hasPicture(photo)).slice(0, most);
    room -= named.length;
    return photosOf(data, cell, [...shown, ...named]);
  });
  return html`<section id="confusion" aria-labelledby="confusion-title">
    <h2 id="confusion-title">What it mixes up</h2>
    <p>
      ${percent(1 - data.measured.evaluation.accuracy)} of the ${data.measured.photos} were taken for another class.
    </p>
    ${isSquare ? matrix(data, cells) : list(data, cells)} ${lists}
  </section> `;
}
