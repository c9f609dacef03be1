/** Text that is drawn into an editor without being in its document. */

import { Range, type DecorationOptions, type TextDocument } from 'vscode';

import type { Beside } from './hunks';

const longest = 70;

/** `shown` behind the end of its line, after `mark`. */
export function besideText(document: TextDocument, shown: Beside, mark: string): DecorationOptions {
  const more = shown.more ? ` (+ ${shown.more} ${shown.more === 1 ? 'line' : 'lines'})` : '';
  return behindLine(document, shown.line, `${mark} ${clipped(shown.text)}${more}`);
}

/** `text` behind the end of a line, or of the last one if there are fewer. */
export function behindLine(document: TextDocument, line: number, text: string): DecorationOptions {
  const { end } = document.lineAt(Math.min(line, document.lineCount - 1)).range;
  // Spaces would collapse to one, because the text becomes a style sheet's.
  return { range: new Range(end, end), renderOptions: { after: { contentText: text.replaceAll(' ', '\u00a0') } } };
}

function clipped(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}
