import { curvesSvg } from "../curves.js";
import { runPlots } from "../run-curves.js";
import { percent } from "../words.js";
import { html, type Markup } from "./markup.js";
import { plot } from "./plot.js";
import type { ReportData } from "./report-data.js";

const size = { width: 460, height: 330 };

/** Accuracy and loss of each epoch, drawn and as a table. */
export function curvesSection({ epochs, bestEpoch }: ReportData): Markup | undefined {
  if (epochs.length === 0) return undefined;
  const { plots, options } = runPlots({ epochs, bestEpoch });
  const best = epochs.find(({ epoch }) => epoch === bestEpoch);
  const kept = best === undefined ? "" : `; epoch ${best.epoch} was kept`;
  const drawn = plots.map((one) =>
    plot(
      one.axis,
      curvesSvg([one], { ...options, ...size }),
      `${one.title} over ${epochs.length} epochs${kept}. The table has all values.`,
    ),
  );
  const rows = epochs.map(
    (row) =>
      html`<tr>
        <th scope="row">${row.epoch}</th>
        <td>${row.phase}</td>
        <td>${percent(row.accuracy)}</td>
        <td>${row.loss.toFixed(4)}</td>
        <td>${percent(row.val_accuracy)}</td>
        <td>${row.val_loss.toFixed(4)}</td>
        <td>${Number(row.learning_rate.toPrecision(3))}</td>
        <td>${row.seconds.toFixed(1)}</td>
      </tr> `,
  );
  return html`<section id="curves" aria-labelledby="curves-title">
    <h2 id="curves-title">How it learned</h2>
    <div class="plots">${drawn}</div>
    <details class="figures">
      <summary>All epochs as a table</summary>
      <div class="scroll" role="region" aria-label="Figures of all epochs" tabindex="0">
        <table class="numbers">
          <thead>
            <tr>
              <th scope="col">epoch</th>
              <th scope="col">phase</th>
              <th scope="col">accuracy</th>
              <th scope="col">loss</th>
              <th scope="col">validation accuracy</th>
              <th scope="col">validation loss</th>
              <th scope="col">learning rate</th>
              <th scope="col">seconds</th>
            </tr>
          </thead>
          <tbody>
            ${rows}
          </tbody>
        </table>
      </div>
    </details>
  </section> `;
}
