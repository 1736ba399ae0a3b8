import { answerSection } from "./answer-section.js";
import { checkSection } from "./check-section.js";
import { calibrationSection, classSection } from "./class-section.js";
import { confusionSection } from "./confusion-section.js";
import { curvesSection } from "./curves-section.js";
import { dataSection } from "./data-section.js";
import { factsSection, useSection } from "./facts-section.js";
import { html, Markup } from "./markup.js";
import { photosSection } from "./photos-section.js";
import type { ReportData } from "./report-data.js";
import { style } from "./style.js";

/** Nothing is loaded and nothing is run, whatever a file's name says. */
const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** Where the page's list of contents leads. */
const contents: readonly (readonly [id: string, words: string])[] = [
  ["answer", "Answer"],
  ["curves", "Curves"],
  ["confusion", "What it mixes up"],
  ["mistakes", "Worst mistakes"],
  ["unsure", "Least sure"],
  ["classes", "Classes"],
  ["calibration", "Probabilities"],
  ["check", "Photos to look at"],
  ["data", "Data"],
  ["use", "Use"],
  ["facts", "Settings"],
];

/**
 * The report of a run: one page that needs nothing else, and no script.
 *
 * @returns the text of an `.html` file
 */
export function reportPage(data: ReportData): string {
  const curves = curvesSection(data);
  const links = contents.filter(([id]) => id !== "curves" || curves !== undefined);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width,initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="referrer" content="no-referrer" />
        <title>${data.title}: report of Graft</title>
        <style>
          ${new Markup(style)}
        </style>
      </head>
      <body>
        <a class="skip" href="#answer">Skip to the answer</a>
        <header>
          <h1>${data.title}</h1>
          <p>A classifier of ${data.classes.length} classes, made by Graft.</p>
          <nav aria-label="Contents">
            <ul>
              ${links.map(([id, words]) => html`<li><a href="#${id}">${words}</a></li>`)}
            </ul>
          </nav>
        </header>
        <main>
          ${answerSection(data)}${curves}${confusionSection(data)}${photosSection(data)}${classSection(data)}${calibrationSection(data)}${checkSection(data)}${dataSection(data)}${useSection(data)}${factsSection(data)}
        </main>
        <footer>Photos in this page are small copies: whoever gets the page sees them.</footer>
      </body>
    </html> `;
  return page.text;
}
