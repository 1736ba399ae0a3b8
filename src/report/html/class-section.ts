import { calibrationBins } from "../calibration.js";
import { calibrationSvg } from "../calibration-svg.js";
import { rowsOfSaid } from "../said-of-photo.js";
import { percent } from "../words.js";
import { html, type Markup } from "./markup.js";
import { plot } from "./plot.js";
import type { ReportData } from "./report-data.js";

/** More classes stand behind a line that opens them. */
const openClasses = 30;

function share(value: number | null): string {
  return value === null ? "–" : percent(value);
}

/** Figures of each class. */
export function classSection({ measured }: ReportData): Markup {
  const { perClass } = measured.evaluation;
  const rows = perClass.map(
    ({ label, photos, predicted, recall, precision, f1 }) =>
      html`<tr>
        <th scope="row">${label}</th>
        <td>${photos}</td>
        <td>${predicted}</td>
        <td>${share(recall)}</td>
        <td>${share(precision)}</td>
        <td>${share(f1)}</td>
      </tr> `,
  );
  const table = html`<div class="scroll" role="region" aria-label="Figures of each class" tabindex="0">
    <table class="numbers">
      <thead>
        <tr>
          <th scope="col">class</th>
          <th scope="col">photos</th>
          <th scope="col">taken for it</th>
          <th scope="col">recognised</th>
          <th scope="col">precision</th>
          <th scope="col">F1</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
  return html`<section id="classes" aria-labelledby="classes-title">
    <h2 id="classes-title">Class by class</h2>
    <p>
      Recognised: the share of its photos that were named so. Precision: the share of what was taken for it that is
      right.
    </p>
    ${
      perClass.length <= openClasses
        ? table
        : html`<details class="figures">
            <summary>All ${perClass.length} classes</summary>
            ${table}
          </details>`
    }
  </section> `;
}

/** Whether probabilities are what they say. */
export function calibrationSection({ classes, measured }: ReportData): Markup {
  const { truth, probabilities } = rowsOfSaid(measured.said, classes.length);
  const bins = calibrationBins(truth, probabilities);
  const rows = bins.flatMap(({ photos, probability, right }) =>
    photos === 0
      ? []
      : [
          html`<tr>
            <th scope="row">${percent(probability)}</th>
            <td>${percent(right)}</td>
            <td>${photos}</td>
          </tr> `,
        ],
  );
  const off = percent(measured.evaluation.calibrationError);
  return html`<section id="calibration" aria-labelledby="calibration-title">
    <h2 id="calibration-title">Whether probabilities hold</h2>
    <p>
      Of photos that it names with 80 %, 80 % should be right: points on the dashed line. They are off by ${off} on the
      mean. Larger points stand for more photos.
    </p>
    ${plot("calibration-plot", calibrationSvg(bins, { width: 460, height: 340 }), `Share that is right against probability; off by ${off} on the mean. The table has all values.`)}
    <details class="figures">
      <summary>The same as a table</summary>
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col">probability that was said</th>
            <th scope="col">share that is right</th>
            <th scope="col">photos</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </details>
  </section> `;
}
