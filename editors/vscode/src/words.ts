/** Which words of a new text are not in the old one; knows no editor. */

import { diffWordsWithSpace } from 'diff';

/** Columns `start` to `end` of a line, counted in UTF-16 units; the line from the first of the text. */
export interface Words {
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

/** More words than that are not compared: then all of it is new. */
const mostChanges = 400;

/** The words of `after` that `before` does not have in that place; none if nothing of the text was kept. */
export function newWords(before: string, after: string): Words[] {
  const parts = diffWordsWithSpace(before, after, { maxEditLength: mostChanges });
  if (parts === undefined || !parts.some(({ added, removed, value }) => !added && !removed && value.trim())) return [];
  const found: Words[] = [];
  let line = 0;
  let column = 0;
  for (const { added, removed, value } of parts) {
    if (removed) continue;
    const lines = value.split(/\r\n|\n|\r/);
    for (const [index, text] of lines.entries()) {
      if (index > 0) {
        line += 1;
        column = 0;
      }
      if (added && text.trim()) found.push({ line, start: column, end: column + text.length });
      column += text.length;
    }
  }
  return found;
}
