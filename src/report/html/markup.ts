import { harmlessName } from "../../errors/harmless.js";

/** Text of a page that is markup already; any other is escaped. */
export class Markup {
  constructor(readonly text: string) {}
}

/** What stands in a page. */
export type Content = string | number | Markup | undefined | readonly Content[];

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A text of strangers, such as a file's name, as it may stand between tags and in attributes between quotes. */
function escaped(text: string): string {
  return harmlessName(text).replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

function written(content: Content): string {
  if (content === undefined) return "";
  if (content instanceof Markup) return content.text;
  if (typeof content === "object") return content.map(written).join("");
  return escaped(String(content));
}

/** Markup in which everything that is put in is escaped, unless it is markup itself. */
export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return new Markup(strings.map((text, index) => text + written(contents[index])).join(""));
}
