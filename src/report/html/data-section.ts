import { html, type Markup } from "./markup.js";
import { smallFigure } from "./photo-figure.js";
import type { ReportData } from "./report-data.js";

/** More classes stand behind a line that opens them. */
const openClasses = 30;

function middle(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

function sizesText(sizes: ReportData["sizes"]): string | undefined {
  if (sizes.length === 0) return undefined;
  const pixels = (pick: (values: readonly number[]) => number): string =>
    `${pick(sizes.map(([width]) => width))} × ${pick(sizes.map(([, height]) => height))}`;
  const byArea = [...sizes].sort(([a, b], [c, d]) => a * b - c * d);
  const [smallest, largest] = [byArea[0], byArea.at(-1)];
  const upright = sizes.filter(([width, height]) => height > width).length;
  return (
    `Of ${sizes.length} that were looked at the median is ${pixels(middle)} pixels, the smallest ${smallest?.join(" × ") ?? ""}, ` +
    `the largest ${largest?.join(" × ") ?? ""}; ${Math.round((100 * upright) / sizes.length)} % are upright.`
  );
}

/** How many photos there were of each class, how large they are, and a few of each. */
export function dataSection(data: ReportData): Markup {
  const { classes, sets, sizes, samples } = data;
  const totals = sets.map(({ counts }) => counts.reduce((sum, number) => sum + number, 0));
  const rows = classes.map(
    (label, index) =>
      html`<tr>
        <th scope="row">${label}</th>
        ${sets.map(({ counts }) => html`<td>${counts[index] ?? 0}</td>`)}
      </tr> `,
  );
  const table = html`<div class="scroll" role="region" aria-label="Photos of each class" tabindex="0">
    <table class="numbers">
      <thead>
        <tr>
          <th scope="col">class</th>
          ${sets.map(({ name }) => html`<th scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">all</th>
          ${totals.map((total) => html`<td>${total}</td>`)}
        </tr>
      </tfoot>
    </table>
  </div>`;
  const shown = samples.flatMap((paths, index) =>
    paths.length === 0
      ? []
      : [
          html`<h3>${classes[index]}</h3>
            <ul class="photos">
              ${paths.map((path) => smallFigure(data, path))}
            </ul> `,
        ],
  );
  const sizesWords = sizesText(sizes);
  return html`<section id="data" aria-labelledby="data-title">
    <h2 id="data-title">What the photos look like</h2>
    ${sizesWords === undefined ? undefined : html`<p>${sizesWords}</p>`}
    ${
      classes.length <= openClasses
        ? table
        : html`<details class="figures">
            <summary>Photos of all ${classes.length} classes</summary>
            ${table}
          </details>`
    }
    ${
      shown.length === 0
        ? undefined
        : html`<details class="samples">
            <summary>A few of each class</summary>
            ${shown}
          </details>`
    }
  </section> `;
}
