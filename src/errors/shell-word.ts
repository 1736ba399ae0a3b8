import { harmlessLine } from "./harmless.js";

const encoder = new TextEncoder();

/** `\303\251` */
function octal(text: string): string {
  return Array.from(encoder.encode(text), (byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
}

/**
 * A path as a word of a command that people paste into a shell: whatever its name says, nothing of it is run, and none of it is
 * taken for an option.
 *
 * - POSIX: between apostrophes. A name with characters that steer terminals is written as `$'…'` with their bytes, which bash, zsh and ksh
 *   know.
 * - Windows: between double quotes, which protect in cmd and in PowerShell; what PowerShell looks for inside of them has its
 *   escape in front.
 *
 * @param system `process.platform` of the one who pastes
 */
export function shellWord(path: string, system: string): string {
  const named = path.startsWith("-") ? `./${path}` : path;
  if (system === "win32") {
    return /^[\w./\\:-]+$/.test(named) ? named : `"${harmlessLine(named).replace(/[$`"\u201c-\u201e]/g, "`$&")}"`;
  }
  if (/^[\w./:-]+$/.test(named)) return named;
  if (harmlessLine(named) === named) return `'${named.replaceAll("'", "'\\''")}'`;
  const bytes = Array.from(named, (character) =>
    harmlessLine(character) === character ? character.replace(/[\\']/, "\\$&") : octal(character),
  );
  return `$'${bytes.join("")}'`;
}
