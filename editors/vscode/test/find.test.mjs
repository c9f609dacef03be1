import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';

import { changedAt, findServer, pauseAfter } from '../src/find.ts';

const folder = mkdtempSync(join(tmpdir(), 'editsvc-'));
const program = join(folder, process.platform === 'win32' ? 'editsvc-lsp.exe' : 'editsvc-lsp');
writeFileSync(program, '');
chmodSync(program, 0o755);

const own = { command: join(folder, 'own'), args: ['-c', 'start'] };

test('the first program on PATH is the server', () => {
  const path = [join(folder, 'none'), folder].join(delimiter);
  assert.deepEqual(findServer({ configured: '', path, own }), { command: program, args: [], by: 'path' });
});

test('a path that is set counts alone', () => {
  const found = findServer({ configured: program, path: '', own });
  assert.deepEqual(found, { command: program, args: [], by: 'setting' });
  assert.equal(findServer({ configured: join(folder, 'none'), path: folder, own }), undefined);
});

test('nothing is started that a workspace could have put there', () => {
  process.chdir(folder);
  const onlyHere = findServer({ configured: '', path: ['.', '', 'bin'].join(delimiter) });
  assert.notEqual(onlyHere?.command, program);
  assert.equal(findServer({ configured: 'editsvc-lsp', path: folder }), undefined);
});

test('a folder is no program', () => {
  assert.equal(findServer({ configured: folder, path: '' }), undefined);
});

test('what the extension has installed is the server where PATH has none', () => {
  const found = findServer({ configured: '', path: join(folder, 'none'), own });
  assert.deepEqual(found, { ...own, by: 'extension' });
});

test('a program that was replaced by the extension’s own is passed over until it changes', () => {
  const passedOver = { command: program, changedAt: changedAt(program) };
  const places = { configured: '', path: folder, passedOver };
  assert.equal(findServer({ ...places, own }).by, 'extension');
  assert.equal(findServer(places).by, 'path', 'there is no other');
  const later = { command: program, changedAt: changedAt(program) - 1 };
  assert.equal(findServer({ ...places, own, passedOver: later }).by, 'path');
});

test('pauses double, and after the sixth crash in three minutes there is none', () => {
  const crashes = [0, 1000, 2000, 3000, 4000, 5000];
  const pauses = crashes.map((now, index) => pauseAfter(crashes.slice(0, index + 1), now));
  assert.deepEqual(pauses, [250, 500, 1000, 2000, 4000, undefined]);
});

test('crashes of long ago are forgotten', () => {
  assert.equal(pauseAfter([0, 1000, 2000, 3000, 4000, 500_000], 500_000), 250);
});
