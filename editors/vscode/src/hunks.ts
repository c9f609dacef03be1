/**
 * Hunks as lines and text; knows no editor.
 *
 * Lines are 0-based, columns count UTF-16 units, and lines break at \n, \r\n and \r only, all as in the protocol.
 */

import type { Position, Range } from 'vscode-languageclient/node';

/** One change of a document: lines `start` to `end` of before are `lines + 1` lines after it. */
export interface LineChange {
  readonly start: number;
  readonly end: number;
  readonly lines: number;
}

/** A change as an editor reports it, in lines. */
export function lineChange({ range, text }: { readonly range: Range; readonly text: string }): LineChange {
  return { start: range.start.line, end: range.end.line, lines: linesOf(`${text}.`).length - 1 };
}

/** What is shown beside a line: a text, and how many more follow it that have no line of their own. */
export interface Beside {
  readonly line: number;
  readonly text: string;
  readonly more: number;
}

const lineEnd = /\r\n|\n|\r/;

/** The lines of `text` without their ends; a final line end begins no line. */
export function linesOf(text: string): string[] {
  const lines = text.split(lineEnd);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** The last line that `range` has a part of: one that ends before a line's first column has none of that line. */
export function lastLine(range: Range): number {
  return range.end.character === 0 && range.end.line > range.start.line ? range.end.line - 1 : range.end.line;
}

export function isEmpty(range: Range): boolean {
  return range.start.line === range.end.line && range.start.character === range.end.character;
}

/** Whether `line` is one that `range` covers, or the place of an empty range. */
export function covers(range: Range, line: number): boolean {
  return range.start.line <= line && line <= lastLine(range);
}

/**
 * The other side of a change, placed beside the lines of the side that is in the document.
 *
 * `shown` are the document's lines from `first` on. Line n of the one stands beside line n of the other, where they
 * differ; what is left over is counted at the last. Lines that only differ in indentation are left out.
 */
export function beside(first: number, shown: readonly string[], hidden: readonly string[]): Beside[] {
  const result: Beside[] = [];
  const last = Math.max(shown.length - 1, 0);
  for (let index = 0; index <= last && index < hidden.length; index += 1) {
    const text = hidden[index]!.trim();
    const more = index === last ? Math.max(hidden.length - index - 1, 0) : 0;
    if (more > 0 || (text !== '' && text !== shown[index]?.trim()))
      result.push({ line: first + index, text, more });
  }
  return result;
}

/** `text` with `changes` made, each a range of `text` and what replaces it; they must not overlap. */
export function compose(
  text: string,
  changes: readonly { readonly range: Range; readonly newText: string }[],
): string {
  const starts = lineStarts(text);
  const offset = (at: Position) => Math.min((starts[at.line] ?? text.length) + at.character, text.length);
  const ordered = [...changes].sort((a, b) => offset(a.range.start) - offset(b.range.start));
  let composed = '';
  let done = 0;
  for (const { range, newText } of ordered) {
    composed += text.slice(done, offset(range.start)) + newText;
    done = offset(range.end);
  }
  return composed + text.slice(done);
}

/** Where `range`, of whole lines, is after `changes`; undefined if one of them touched its lines. */
export function carried(range: Range, changes: readonly LineChange[]): Range | undefined {
  let start = range.start.line;
  let end = range.end.line;
  for (const change of changes) {
    const moved = change.lines - (change.end - change.start);
    if (change.end < start) {
      start += moved;
      end += moved;
    } else if (change.start < Math.max(end, start + 1)) {
      return undefined;
    }
  }
  return { start: { line: start, character: 0 }, end: { line: end, character: 0 } };
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (const found of text.matchAll(new RegExp(lineEnd, 'g'))) starts.push(found.index + found[0].length);
  return starts;
}
