import { html, type Markup } from "./markup.js";
import { largeFigure } from "./photo-figure.js";
import type { ReportData } from "./report-data.js";

/** The mistakes that it is surest of, and the photos that it is least sure of. */
export function photosSection(data: ReportData): Markup {
  const { mistakes, unsure } = data;
  const list = (photos: ReportData["mistakes"]): Markup =>
    html`<ul class="large">
      ${photos.map((photo) => largeFigure(data, photo))}
    </ul>`;
  const worst =
    mistakes.length === 0
      ? html`<p>It made no mistake.</p>`
      : html`<p>
            The mistakes that it is surest of. The heat map shows where it sees what speaks for the class that it names:
            bright places are hints, no proofs.
          </p>
          ${list(mistakes)}`;
  return html`<section id="mistakes" aria-labelledby="mistakes-title">
      <h2 id="mistakes-title">The worst mistakes</h2>
      ${worst}
    </section>
    <section id="unsure" aria-labelledby="unsure-title">
      <h2 id="unsure-title">The least sure</h2>
      <p>Photos of which two classes are nearly equally probable.</p>
      ${list(unsure)}
    </section> `;
}
