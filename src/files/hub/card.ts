import { z } from "zod";

/** One text or several; what is neither says nothing. */
const texts = z
  .union([z.string().transform((text) => [text]), z.array(z.string())])
  .optional()
  .catch(undefined);

/** What a model card says of the licence. */
const cardSchema = z
  .object({
    license: texts,
    license_name: z.string().optional().catch(undefined),
    license_link: z.string().optional().catch(undefined),
  })
  .catch({});

/**
 * The licence that a model card names.
 *
 * @param card the data at the head of the card, as the hub's API gives it
 * @returns an identifier such as `apache-2.0`; for a licence of its own its name and, where the card has it, the link to it; `undefined`
 * where the card says nothing
 * @see https://huggingface.co/docs/hub/model-cards
 */
export function licenceOfCard(card: unknown): string | undefined {
  return saidBy(card)?.slice(0, longest);
}

/** More characters than any licence's name and link have. */
const longest = 300;

function saidBy(card: unknown): string | undefined {
  const { license, license_name: name, license_link: link } = cardSchema.parse(card);
  const known = license?.filter((id) => id !== "" && id !== "other" && id !== "unknown") ?? [];
  if (known.length > 0) return known.join(", ");
  const own = name ?? (license?.includes("other") === true ? "other" : undefined);
  if (own === undefined) return link;
  return link === undefined ? own : `${own} (${link})`;
}

/**
 * The same of the card itself, which is the repository's `README.md`.
 *
 * @param readme its text
 */
export function licenceOfReadme(readme: string): string | undefined {
  const [, head = ""] = /^\uFEFF?---\r?\n(.*?)\r?\n---(?:\r?\n|$)/s.exec(readme) ?? [];
  return licenceOfCard(
    Object.fromEntries(["license", "license_name", "license_link"].map((key) => [key, field(head, key)])),
  );
}

/** A field of YAML with a text, or a list of texts in either of its two ways. */
function field(yaml: string, key: string): string | string[] | undefined {
  const lines = yaml.split(/\r?\n/);
  const at = lines.findIndex((line) => line.startsWith(`${key}:`));
  if (at === -1) return undefined;
  const value = (lines[at] ?? "").slice(key.length + 1).trim();
  if (value.startsWith("[")) {
    return value
      .replace(/^\[|\].*$/g, "")
      .split(",")
      .map(plain);
  }
  if (value !== "" && !value.startsWith("#")) return plain(value);
  const end = lines.findIndex((line, index) => index > at && !/^\s*-\s/.test(line));
  const items = lines.slice(at + 1, end === -1 ? undefined : end);
  return items.length === 0 ? undefined : items.map((line) => plain(line.replace(/^\s*-\s+/, "")));
}

/** A text of YAML without its quotation marks, or without the comment behind it. */
function plain(text: string): string {
  const [, , quoted] = /^\s*(["'])(.*?)\1/.exec(text) ?? [];
  return quoted ?? text.replace(/\s#.*$/, "").trim();
}
