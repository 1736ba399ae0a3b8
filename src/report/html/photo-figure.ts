import { shorten } from "../text-width.js";
import { percent } from "../words.js";
import { isRight, type SaidOfPhoto } from "../said-of-photo.js";
import { html, type Markup } from "./markup.js";
import type { ReportData } from "./report-data.js";
import { shortName } from "./short-name.js";

/** Longer names of classes lose their middle beside pictures: the figures of each class have them in full. */
const nameLength = 40;

/** A photo in words: what it is, and what it was taken for. */
function photoWords({ classes }: Pick<ReportData, "classes">, photo: SaidOfPhoto): string {
  const [first] = photo.said;
  const named = `${classes[first.classIndex] ?? ""} (${percent(first.probability)})`;
  const own = classes[photo.truth] ?? "";
  return isRight(photo) ? named : `${own}, taken for ${named}`;
}

/** The same for the page: names that are written from right to left turn nothing around that stands beside them. */
export function photoMarkup({ classes }: Pick<ReportData, "classes">, photo: SaidOfPhoto): Markup {
  const [first] = photo.said;
  const name = (index: number): Markup => html`<bdi>${shorten(classes[index] ?? "", nameLength)}</bdi>`;
  const named = html`${name(first.classIndex)} (${percent(first.probability)})`;
  return isRight(photo) ? named : html`${name(photo.truth)}, taken for ${named}`;
}

/** A small picture of a photo with its name, or its name alone. */
export function smallFigure({ pictures }: Pick<ReportData, "pictures">, path: string, words?: Markup): Markup {
  const picture = pictures.small(path);
  const image = picture === undefined ? undefined : html`<img src="${picture}" alt="" />`;
  const under = words === undefined ? undefined : html`<span>${words}</span>`;
  return html`<li>${image}<span class="path">${path}</span>${under}</li>`;
}

function bar(label: string, probability: number, isTruth: boolean): Markup {
  const own = isTruth ? " truth" : "";
  return html`<tr class="${own.trim()}">
    <th scope="row">${shortName(label, nameLength)}</th>
    <td><span class="bar" style="inline-size:${(100 * probability).toFixed(1)}%"></span></td>
    <td>${percent(probability)}</td>
  </tr> `;
}

/** A photo, where it speaks for the class that it was taken for, and how probable its classes are. */
export function largeFigure(data: Pick<ReportData, "classes" | "pictures">, photo: SaidOfPhoto): Markup {
  const { classes, pictures } = data;
  const found = pictures.large(photo.path);
  const named = classes[photo.said[0].classIndex] ?? "";
  const words = photoWords(data, photo);
  const images =
    found === undefined
      ? undefined
      : html`<div class="pair">
          <img src="${found.photo}" alt="${words}" />${
            found.heat === undefined
              ? undefined
              : html`<img src="${found.heat}" alt="Heat map: what speaks for ${named}" />`
          }
        </div>`;
  const rows = photo.said.slice(0, 3).map(({ classIndex, probability }) => ({ classIndex, probability }));
  const all = rows.some(({ classIndex }) => classIndex === photo.truth)
    ? rows
    : [...rows, { classIndex: photo.truth, probability: photo.probability }];
  return html`<li>
    ${images}
    <p><strong>${photoMarkup(data, photo)}</strong><br /><span class="path">${photo.path}</span></p>
    <table class="bars">
      <caption class="unseen">
        Probabilities of ${photo.path}
      </caption>
      <tbody>
        ${all.map(({ classIndex, probability }) => bar(classes[classIndex] ?? "", probability, classIndex === photo.truth))}
      </tbody>
    </table>
  </li> `;
}
