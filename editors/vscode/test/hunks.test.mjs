import assert from 'node:assert/strict';
import { test } from 'node:test';

import { beside, carried, compose, covers, lastLine, linesOf } from '../src/hunks.ts';

const lines = (start, end) => ({ start: { line: start, character: 0 }, end: { line: end, character: 0 } });

test('lines break at the three line ends of the protocol and nowhere else', () => {
  assert.deepEqual(linesOf('a\r\nb\rc\nd\u2028e\fg\n'), ['a', 'b', 'c', 'd\u2028e\fg']);
  assert.deepEqual(linesOf(''), []);
});

test('a range that ends before the first column of a line has nothing of it', () => {
  assert.equal(lastLine(lines(2, 4)), 3);
  assert.equal(lastLine(lines(2, 2)), 2);
  assert.equal(covers(lines(2, 4), 3), true);
  assert.equal(covers(lines(2, 4), 4), false);
});

test('replaced lines stand beside those that replace them, and the rest is counted', () => {
  assert.deepEqual(beside(5, ['  new = 1'], ['  old = 1', '  old = 2', '  old = 3']), [
    { line: 5, text: 'old = 1', more: 2 },
  ]);
  assert.deepEqual(beside(5, ['a', 'same', 'c'], ['x', 'same', 'z']), [
    { line: 5, text: 'x', more: 0 },
    { line: 7, text: 'z', more: 0 },
  ]);
});

test('what only got another indentation is not repeated', () => {
  assert.deepEqual(beside(0, ['    deeper'], ['deeper']), []);
});

test('what was removed altogether stands beside the line that came up', () => {
  assert.deepEqual(beside(9, [], ['gone', 'too']), [{ line: 9, text: 'gone', more: 1 }]);
});

test('changes are made in a text wherever its lines end', () => {
  const changes = [
    { range: lines(2, 2), newText: 'inserted\n' },
    { range: lines(0, 1), newText: 'A\r\n' },
    { range: { start: { line: 2, character: 1 }, end: { line: 2, character: 2 } }, newText: '!' },
  ];
  assert.equal(compose('a\r\nb\nccc', changes), 'A\r\nb\ninserted\nc!c');
  assert.equal(compose('a', [{ range: lines(1, 1), newText: '\nb' }]), 'a\nb');
});

test('changes that are taken back give the text before them', () => {
  const before = 'one\ntwo\nthree\nfour\n';
  const forth = [
    { range: lines(0, 1), newText: 'ONE\nONE AND A HALF\n' },
    { range: lines(2, 3), newText: '' },
  ];
  const back = [
    { range: lines(0, 2), newText: 'one\n' },
    { range: lines(3, 3), newText: 'three\n' },
  ];
  assert.equal(compose(compose(before, forth), back), before);
});

test('a range moves with lines that come and go above it', () => {
  assert.deepEqual(carried(lines(5, 6), [{ start: 1, end: 1, lines: 2 }]), lines(7, 8));
  assert.deepEqual(carried(lines(5, 6), [{ start: 1, end: 3, lines: 0 }]), lines(3, 4));
  assert.deepEqual(carried(lines(5, 6), [{ start: 6, end: 9, lines: 0 }]), lines(5, 6));
});

test('a range whose lines were touched is given up', () => {
  assert.equal(carried(lines(5, 6), [{ start: 5, end: 5, lines: 0 }]), undefined);
  assert.equal(carried(lines(5, 6), [{ start: 3, end: 8, lines: 1 }]), undefined);
});
