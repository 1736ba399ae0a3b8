import { shorten } from "../text-width.js";
import { html, type Markup } from "./markup.js";

/** A name where there is little room: a longer one loses its middle, and shows itself in full under the pointer. */
export function shortName(name: string, length: number): Markup {
  const short = shorten(name, length);
  return short === name ? html`<span>${name}</span>` : html`<span title="${name}">${short}</span>`;
}
