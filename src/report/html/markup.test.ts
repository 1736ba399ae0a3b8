import { describe, expect, it } from "vitest";
import { html, Markup } from "./markup.js";

describe("html", () => {
  it("escapes what is put in, between tags and in attributes, and spells out what steers a reader", () => {
    const name = `<img src=x onerror="a()">'&\u202e\n`;
    expect(html`<p title="${name}">${name}</p>`.text).toBe(
      `<p title="&lt;img src=x onerror=&quot;a()&quot;&gt;&#39;&amp;\\u202e\\n">` +
        `&lt;img src=x onerror=&quot;a()&quot;&gt;&#39;&amp;\\u202e\\n</p>`,
    );
  });

  it("leaves markup as it is, takes lists, and nothing for undefined", () => {
    const items = [1, "a&b"].map((item) => html`<li>${item}</li>`);
    const list = html`<b>${items}${undefined}${new Markup("<!-- -->")}</b>`;
    expect(list.text).toBe("<b><li>1</li><li>a&amp;b</li><!-- --></b>");
  });
});
