import { html, Markup } from "./markup.js";

/**
 * A drawing as a part of a page: without its style sheet, which would be one of the page, without addresses, and with names of its own, which are numbered
 * through in a process.
 */
function inPage(svg: string, name: string): string {
  return svg
    .replace(/^<\?xml[^>]*>\s*/, "")
    .replace(/<style[^>]*>.*?<\/style>/gs, "")
    .replace(/ xmlns(?::\w+)?="[^"]*"/g, "")
    .replace(/ class="zr[^"]*"/g, "")
    .replace(/\bzr\d+-/g, `${name}-`)
    .replace(/<svg /, '<svg aria-hidden="true" focusable="false" ');
}

/**
 * A drawing with words that say what it shows.
 *
 * @param name of the drawing, which no other one in the page has
 * @param svg text of an `.svg` file of Graft's
 */
export function plot(name: string, svg: string, words: string): Markup {
  return html`<figure class="plot">
    <div role="img" aria-label="${words}">${new Markup(inPage(svg, name))}</div>
  </figure>`;
}
