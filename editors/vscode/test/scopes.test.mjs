import assert from 'node:assert/strict';
import { test } from 'node:test';

import { next, unasked, withServers } from '../src/scopes.ts';

const at = (line, character = 0) => ({ line, character });
const range = (first, behind) => ({ start: at(first), end: at(behind) });
const found = [
  { name: 'symbol', title: 'function fetch, lines 12 to 40', range: range(11, 40) },
  { name: 'file', title: 'the whole file, 80 lines', range: range(0, 80) },
];
const cursor = { start: at(12, 4), end: at(12, 4), cursor: 12, lineCount: 81 };

test('before the server has answered, a cursor means the definition around it, wherever that begins', () => {
  const [place, file] = unasked(cursor);
  assert.deepEqual([place.scope, place.title, place.isKnown], ['symbol', 'the definition around line 13', false]);
  assert.deepEqual([file.scope, file.first, file.last], ['file', 0, 80]);
});

test('a selection means its lines, without one that it only ends at', () => {
  assert.equal(unasked({ ...cursor, start: at(2, 5), end: at(4, 1) })[0].title, 'lines 3 to 5');
  assert.equal(unasked({ ...cursor, start: at(2, 5), end: at(4, 0) })[0].title, 'lines 3 to 4');
  assert.equal(unasked({ ...cursor, start: at(2, 5), end: at(3, 0) })[0].title, 'line 3');
});

test("the server's words take the place of the guess", () => {
  const [places, place] = withServers(found, unasked(cursor)[0]);
  assert.deepEqual([place.title, place.first, place.last], ['function fetch, lines 12 to 40', 11, 39]);
  assert.equal(next(places, place).title, 'the whole file, 80 lines');
  assert.equal(next(places, next(places, place)), place);
});

test('what the user has chosen meanwhile stays chosen', () => {
  const [, place] = withServers(found, unasked(cursor)[1]);
  assert.equal(place.scope, 'file');
});

test('where there is no definition, the file is what is meant', () => {
  const [places, place] = withServers([found[1]], unasked(cursor)[0]);
  assert.equal(place.scope, 'file');
  assert.equal(next(places, place), place);
});

test('what a model chooses of a long file is asked for by the cursor', () => {
  const parts = { name: 'parts', title: 'the parts of the file that need it', range: range(0, 80) };
  const [, place] = withServers([parts, found[1]], unasked(cursor)[0]);
  assert.deepEqual([place.scope, place.title], ['symbol', parts.title]);
});
