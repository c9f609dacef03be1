/** What can be rewritten from where the cursor is: guessed until the server says it; knows no editor. */

import type { OfferedScope } from './protocol';

export type Scope = 'selection' | 'symbol' | 'file';

export interface Place {
  readonly scope: Scope;
  readonly title: string;
  /** Its first and last line, from 0 on. */
  readonly first: number;
  readonly last: number;
  /** Whether the lines are certain. */
  readonly isKnown: boolean;
}

interface Spot {
  readonly line: number;
  readonly character: number;
}

/** What is known without the server, the most likely first. */
export function unasked(selected: {
  readonly start: Spot;
  readonly end: Spot;
  readonly cursor: number;
  readonly lineCount: number;
}): readonly Place[] {
  const { start, end, cursor, lineCount } = selected;
  const symbol: Place = {
    scope: 'symbol',
    title: `the definition around line ${cursor + 1}`,
    first: cursor,
    last: cursor,
    isKnown: false,
  };
  const file: Place = { scope: 'file', title: 'the whole file', first: 0, last: lineCount - 1, isKnown: true };
  if (start.line === end.line && start.character === end.character) return [symbol, file];
  const last = end.character === 0 && end.line > start.line ? end.line - 1 : end.line;
  const title = last > start.line ? `lines ${start.line + 1} to ${last + 1}` : `line ${last + 1}`;
  return [{ scope: 'selection', title, first: start.line, last, isKnown: true }, symbol, file];
}

/** The places that the server has found, and the one of them that stands for `chosen`. */
export function withServers(found: readonly OfferedScope[], chosen: Place): [readonly Place[], Place] {
  const places = found.map(({ name, title, range }): Place => {
    const { start, end } = range;
    const last = end.character === 0 && end.line > start.line ? end.line - 1 : end.line;
    // What the model chooses from a long file is asked for as a definition is, by the cursor.
    return { scope: name === 'parts' ? 'symbol' : name, title, first: start.line, last, isKnown: true };
  });
  const place = places.find(({ scope }) => scope === chosen.scope) ?? places[0];
  return place ? [places, place] : [[chosen], chosen];
}

/** The place after `place`. */
export function next(places: readonly Place[], place: Place): Place {
  return places[(places.indexOf(place) + 1) % places.length]!;
}
