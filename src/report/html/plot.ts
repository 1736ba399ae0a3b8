import { html, Markup } from "./markup.js";

/** Nothing that a page takes for more than a picture: drawings have neither scripts nor addresses, and no names that others have too. */
function inPage(svg: string): string {
  return svg.replace(/^<\?xml[^>]*>\s*/, "").replace(/<svg /, '<svg aria-hidden="true" focusable="false" ');
}

/**
 * A drawing with words that say what it shows.
 *
 * @param svg text of an `.svg` file of Graft's
 */
export function plot(svg: string, words: string): Markup {
  return html`<figure class="plot"><div role="img" aria-label="${words}">${new Markup(inPage(svg))}</div></figure>`;
}
