const segmenter = new Intl.Segmenter();

/** What a reader takes for characters: an emoji with its modifiers or a letter with its accents is one. */
function charactersOf(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

const wide =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation})/u;

/** Width of a text in a terminal, in cells: Chinese, Japanese and Korean characters and most emoji take two. */
export function textWidth(text: string): number {
  return charactersOf(text).reduce((width, character) => width + (wide.test(character) ? 2 : 1), 0);
}

/** A text of at most so many characters; a longer one loses its middle. */
export function shorten(text: string, length: number): string {
  const characters = charactersOf(text);
  if (characters.length <= length) return text;
  const tail = Math.floor((length - 1) / 2);
  return `${characters.slice(0, length - 1 - tail).join("")}…${characters.slice(characters.length - tail).join("")}`;
}
