import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';

import { findServer, pauseAfter } from '../src/find.ts';

const folder = mkdtempSync(join(tmpdir(), 'editsvc-'));
const program = join(folder, process.platform === 'win32' ? 'editsvc-lsp.exe' : 'editsvc-lsp');
writeFileSync(program, '');
chmodSync(program, 0o755);

test('the first program on PATH is the server', () => {
  assert.equal(findServer('', [join(folder, 'none'), folder].join(delimiter)), program);
});

test('a path that is set counts alone', () => {
  assert.equal(findServer(program, ''), program);
  assert.equal(findServer(join(folder, 'none'), folder), undefined);
});

test('nothing is started that a workspace could have put there', () => {
  process.chdir(folder);
  const onlyHere = findServer('', ['.', '', 'bin'].join(delimiter));
  assert.notEqual(onlyHere, program);
  assert.equal(findServer('editsvc-lsp', folder), undefined);
});

test('a folder is no program', () => {
  assert.equal(findServer(folder, ''), undefined);
});

test('pauses double, and after the sixth crash in three minutes there is none', () => {
  const crashes = [0, 1000, 2000, 3000, 4000, 5000];
  const pauses = crashes.map((now, index) => pauseAfter(crashes.slice(0, index + 1), now));
  assert.deepEqual(pauses, [250, 500, 1000, 2000, 4000, undefined]);
});

test('crashes of long ago are forgotten', () => {
  assert.equal(pauseAfter([0, 1000, 2000, 3000, 4000, 500_000], 500_000), 250);
});
