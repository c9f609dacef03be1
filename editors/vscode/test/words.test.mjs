import assert from 'node:assert/strict';
import { test } from 'node:test';

import { newWords } from '../src/words.ts';

test('the words of a changed line that were not in it are marked, and no others', () => {
  assert.deepEqual(newWords('    return value + 2\n', '    return value * 2\n'), [{ line: 0, start: 17, end: 18 }]);
});

test('words of later lines are counted from the first line of the text', () => {
  assert.deepEqual(newWords('a = 1\nb = 2\n', 'a = 1\nb = 3\n'), [{ line: 1, start: 4, end: 5 }]);
});

test('where nothing of the old text is left, and where there was none, all of it is new and no word is marked', () => {
  assert.deepEqual(newWords('one\n', 'two\n'), []);
  assert.deepEqual(newWords('', 'two\n'), []);
});

test('a text that is longer than can be compared word by word has no marks', () => {
  const words = (prefix) => Array.from({ length: 3000 }, (_, number) => `${prefix}${number}`).join(' ');
  assert.deepEqual(newWords(words('a'), words('b')), []);
});
