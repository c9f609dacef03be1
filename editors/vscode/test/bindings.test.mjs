import assert from 'node:assert/strict';
import { test } from 'node:test';

import { inWords, keyOf } from '../src/bindings.ts';

const own = [
  { command: 'editsvc.nextScope', key: 'shift+alt+s', mac: 'cmd+alt+s' },
  { command: 'editsvc.nextHunk', key: 'alt+f5' },
];

test('a command has the key that the extension brings', () => {
  assert.equal(keyOf('editsvc.nextScope', own, '', false), 'shift+alt+s');
  assert.equal(keyOf('editsvc.nextScope', own, '', true), 'cmd+alt+s');
  assert.equal(keyOf('editsvc.nextHunk', own, '', true), 'alt+f5');
  assert.equal(keyOf('editsvc.other', own, '', false), undefined);
});

test("the user's own key counts more, and the last of them most", () => {
  const text = `// Place your key bindings in this file
  [
    { "key": "ctrl+k s", "command": "editsvc.nextScope" }, /* mine */
    { "key": "f7", "command": "editsvc.nextScope", "when": "editsvc.asking" },
    { "key": "f8", "command": "another.command" },
  ]`;
  assert.equal(keyOf('editsvc.nextScope', own, text, false), 'f7');
});

test('a key that was taken away is none', () => {
  const text = '[{ "key": "alt+shift+s", "command": "-editsvc.nextScope" }]';
  assert.equal(keyOf('editsvc.nextScope', own, text, false), undefined);
  assert.equal(keyOf('editsvc.nextScope', own, text, true), 'cmd+alt+s');
});

test('a file that is broken takes no key away', () => {
  for (const text of ['', 'null', '{}', '[', '[null, 1, {"key": 3, "command": []}]', '\u0000'])
    assert.equal(keyOf('editsvc.nextScope', own, text, false), 'shift+alt+s');
});

test('keys are written as each system writes them', () => {
  assert.equal(inWords('shift+alt+s', false), 'Shift+Alt+S');
  assert.equal(inWords('cmd+alt+s', true), '⌘⌥S');
  assert.equal(inWords('ctrl+k f5', false), 'Ctrl+K F5');
});
