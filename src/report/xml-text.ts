const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A text as it may stand in XML; names of layers and classes are a user's. */
export function xmlText(text: string): string {
  // Control characters are not allowed in XML at all.
  return text
    .replace(/[\p{Cc}\p{Surrogate}\ufffe\uffff]/gu, "\ufffd")
    .replace(/[&<>"']/g, (sign) => entities[sign] ?? "");
}
