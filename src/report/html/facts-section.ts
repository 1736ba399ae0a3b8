import { html, type Markup } from "./markup.js";
import type { ReportData } from "./report-data.js";

/** How the classifier is used. */
export function useSection({ commands, model }: ReportData): Markup {
  const items = commands.map(({ command, about }) => html`<li>${about}: <code>${command}</code></li> `);
  return html`<section id="use" aria-labelledby="use-title">
    <h2 id="use-title">How to use it</h2>
    <ul class="commands">
      ${items}
    </ul>
    <p>${model}</p>
  </section> `;
}

/** Settings and versions. */
export function factsSection({ facts }: ReportData): Markup {
  const groups = facts.map(
    ({ heading, rows }) =>
      html`<h3>${heading}</h3>
        <table class="facts">
          <tbody>
            ${rows.map(
              ([name, value]) =>
                html`<tr>
                  <th scope="row">${name}</th>
                  <td>${value}</td>
                </tr> `,
            )}
          </tbody>
        </table>`,
  );
  return html`<section id="facts" aria-labelledby="facts-title">
    <h2 id="facts-title">How it was made</h2>
    ${groups}
  </section> `;
}
