import type { ExportTarget } from "./target.js";

/** The classifier as a page. */
export const htmlTarget: ExportTarget = {
  name: "html",
  summary: "one page that classifies photos and camera pictures by itself, offline, with nothing uploaded",
  form: "file",
  options: ["precision"],
  defaultName: ({ precision = "float32" }) => (precision === "float32" ? "page.html" : `page-${precision}.html`),
  async write(classifier, request) {
    return (await import("./html/write-html.js")).writeHtml(classifier, request);
  },
};
