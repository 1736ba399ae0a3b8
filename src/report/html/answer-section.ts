import { count } from "../../errors/words.js";
import { percent } from "../words.js";
import { html, type Markup } from "./markup.js";
import type { ReportData } from "./report-data.js";

/** Shares of 100 photos as whole numbers: nobody sees half a photo. */
function whole(share: number, photos: number): string {
  return String(Math.round(share * photos));
}

/** The answer in a sentence with its interval, what it was measured with, and what it suffers from. */
export function answerSection({ measured, heldOut, warnings }: ReportData): Markup {
  const { evaluation, photos, how } = measured;
  const { accuracy, accuracyInterval: interval } = evaluation;
  const ahead = interval.photos;
  const answer = html`<p class="answer">
      Of ${count(ahead, "new photo")} of this kind it will name
      <strong>${whole(interval.low, ahead)} to ${whole(interval.high, ahead)}</strong> rightly.
    </p>
    <p>
      It named ${percent(accuracy)} of the ${evaluation.photos} ${photos} rightly; the range is what so many say of
      others with 95 % certainty. ${how}
    </p>`;
  const figures: readonly (readonly [string, string])[] = [
    ["accuracy", percent(accuracy)],
    ["balanced accuracy, the mean of what is recognised of each class", percent(evaluation.balancedAccuracy)],
    ["loss", evaluation.loss.toFixed(3)],
    ["calibration error, how far probabilities are off on the mean", percent(evaluation.calibrationError)],
    ...(heldOut === undefined
      ? []
      : [[`accuracy on ${count(heldOut.photos, "photo")} that were held out`, percent(heldOut.accuracy)] as const]),
  ];
  const rows = figures.map(
    ([name, value]) =>
      html`<tr>
        <th scope="row">${name}</th>
        <td>${value}</td>
      </tr>`,
  );
  const notes =
    warnings.length === 0
      ? undefined
      : html`<ul class="warnings">
          ${warnings.map((warning) => html`<li>${warning}</li>`)}
        </ul>`;
  return html`<section id="answer" aria-labelledby="answer-title">
    <h2 id="answer-title">The answer</h2>
    ${answer}${notes}
    <table class="facts figures">
      <caption class="unseen">
        Figures of all ${photos}
      </caption>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </section> `;
}
