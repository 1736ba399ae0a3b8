import { count } from "../../errors/words.js";
import { html, type Markup } from "./markup.js";
import { photoMarkup, smallFigure } from "./photo-figure.js";
import type { EqualPhotos, ReportData } from "./report-data.js";

/** So many of each kind are named. */
const most = { doubtful: 60, equal: 50, skipped: 100 };

const harms: Readonly<Record<NonNullable<EqualPhotos["harm"]>, string>> = {
  labels: "Its copies lie in different classes: one of the labels is wrong.",
  sets: "One copy measures what another one has taught: figures look better than they are.",
};

function rest(all: number, shown: number): Markup | undefined {
  return all > shown ? html`<p>And ${all - shown} more.</p>` : undefined;
}

function equalList(equal: readonly EqualPhotos[]): Markup {
  const items = equal.slice(0, most.equal).map(({ paths, harm }) => {
    const names = paths.slice(0, 8).map((path) => html`<span class="path">${path}</span> `);
    const others = paths.length > 8 ? `and ${paths.length - 8} more ` : "";
    return html`<li>${names}${others}${harm === undefined ? undefined : html`<strong>${harms[harm]}</strong>`}</li> `;
  });
  return html`<h3>Photos that are there more than once: ${equal.length}</h3>
    <ul class="names">
      ${items}
    </ul>
    ${rest(equal.length, most.equal)}`;
}

function skippedList(skipped: ReportData["skipped"]): Markup {
  const items = skipped
    .slice(0, most.skipped)
    .map(({ path, reason }) => html`<li><span class="path">${path}</span>: ${reason}</li> `);
  return html`<h3>Files that could not be used: ${skipped.length}</h3>
    <ul class="names">
      ${items}
    </ul>
    ${rest(skipped.length, most.skipped)}`;
}

function doubtfulList(data: ReportData): Markup {
  const shown = data.doubtful.slice(0, most.doubtful);
  return html`<h3>Labels that may be wrong: ${data.doubtful.length}</h3>
    <p>
      ${count(data.doubtful.length, "photo was", "photos were")} taken for another class, as surely as photos of that
      class are, by a classifier that had not learned from ${data.doubtful.length === 1 ? "it" : "them"}. Look whether
      ${data.doubtful.length === 1 ? "it lies" : "they lie"} in the right folder.
    </p>
    <ul class="photos">
      ${shown.map((photo) => smallFigure(data, photo.path, photoMarkup(data, photo)))}
    </ul>
    ${rest(data.doubtful.length, shown.length)}`;
}

/** What should be looked at in the folder of photos: labels, copies, files that are no photos. */
export function checkSection(data: ReportData): Markup {
  const { doubtful, equal, skipped } = data;
  const parts = [
    doubtful.length > 0 ? doubtfulList(data) : undefined,
    equal.length > 0 ? equalList(equal) : undefined,
    skipped.length > 0 ? skippedList(skipped) : undefined,
  ];
  const nothing = parts.every((part) => part === undefined)
    ? html`<p>No doubtful label, no photo twice, no file that could not be used.</p>`
    : undefined;
  return html`<section id="check" aria-labelledby="check-title">
    <h2 id="check-title">Photos to look at</h2>
    ${nothing}${parts}
  </section> `;
}
