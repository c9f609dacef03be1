/** Text that is drawn into an editor without being in its document. */

import { Range, type DecorationOptions, type TextDocument } from 'vscode';

import type { Beside } from './hunks';

const longest = 70;

/** `shown` behind the end of its line, after `mark`. */
export function besideText(document: TextDocument, shown: Beside, mark: string): DecorationOptions {
  const line = Math.min(shown.line, document.lineCount - 1);
  const { length } = document.lineAt(line).text;
  const more = shown.more ? ` (+ ${shown.more} ${shown.more === 1 ? 'line' : 'lines'})` : '';
  // Spaces would collapse to one, because the text becomes a style sheet's.
  const contentText = `${mark} ${clipped(shown.text)}${more}`.replaceAll(' ', '\u00a0');
  return { range: new Range(line, length, line, length), renderOptions: { after: { contentText } } };
}

function clipped(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}
