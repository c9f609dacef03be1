// An installation from end to end, on real files; what the tools do is told by a runner that stands for them.
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { InstallCancelled, InstallFailed } from '../src/install/failures.ts';
import { cleaned, install } from '../src/install/install.ts';
import { run } from '../src/install/run.ts';
import { build, installed, using } from '../src/install/storage.ts';
import { bundle } from './bundle.mjs';

const pythonIn = (folder) => join(folder, 'bin', 'python');
const fresh = () => mkdtempSync(join(tmpdir(), 'editsvc-install-'));
const servers = (root) => readdirSync(root).filter((name) => name !== 'users');

/** Answers as Python `version` and pip do; `more` may answer differently. */
function tools({ version = [3, 12, 4], more = () => undefined, said = [] } = {}) {
  return async (command, options) => {
    said.push(command.join(' '));
    const other = await more(command, options);
    if (other !== undefined) return other;
    const printed = command.at(-1);
    if (command.at(-1) === '--version') return { code: 0, stdout: 'uv 0.9.1\n', printed: '' };
    if (printed.includes('ensurepip')) {
      const python = {
        executable: command[0],
        version,
        implementation: 'cpython',
        virtual: false,
        ensurepip: true,
        pip: null,
      };
      return { code: 0, stdout: JSON.stringify(python), printed: '' };
    }
    if (command.includes('venv')) {
      mkdirSync(join(printed, 'bin'), { recursive: true });
      for (const name of ['python', 'python3', 'editsvc-lsp']) writeFileSync(join(printed, 'bin', name), 'x');
    }
    const stdout = printed.includes('lsp.run') ? '{"version": "1.2.3", "python": "3.12.4"}' : '';
    return { code: 0, stdout, printed: stdout };
  };
}

function job(root, { programs = ['/usr/bin/python3'], ...more } = {}) {
  const machine = {
    platform: 'linux',
    env: { PATH: '/usr/bin' },
    home: '/home/ann',
    isProgram: (one) => programs.includes(one),
    real: (one) => one,
    text: () => undefined,
  };
  return {
    machine,
    bundle,
    root,
    python: '',
    workspace: [],
    network: {},
    again: false,
    run: tools(),
    signal: new AbortController().signal,
    progress: () => undefined,
    log: () => undefined,
    ...more,
  };
}

test('an installation ends in one folder, which says what it is and has no program but Python', async () => {
  const root = fresh();
  const made = await install(job(root));
  assert.deepEqual(servers(root), ['server-1.2.3-abcdef01']);
  assert.deepEqual(readdirSync(join(made.folder, 'bin')).sort(), ['python', 'python3']);
  assert.deepEqual(installed(root, pythonIn), [made]);
  assert.equal(made.madeWith, 'Python 3.12.4 (/usr/bin/python3)');
  assert.equal(made.by, 'pip');
  assert.equal(made.bytes, 2);
});

test('the programs run in the storage, not in the workspace', async () => {
  const root = fresh();
  const places = new Set();
  await install(job(root, { run: tools({ more: (_command, { cwd }) => void places.add(cwd) }) }));
  assert.deepEqual([...places], [root]);
});

test('a tool that fails leaves nothing', async () => {
  const root = fresh();
  const failing = tools({
    more: (command) =>
      (command.includes('pip') && { code: 1, stdout: '', printed: 'ERROR: No space left on device' }) ||
      undefined,
  });
  await assert.rejects(
    install(job(root, { run: failing })),
    (error) => error instanceof InstallFailed && /disk is full/.test(error.message),
  );
  assert.deepEqual(servers(root), []);
});

test('calling it off leaves nothing, and what was there stays', async () => {
  const root = fresh();
  const before = await install(job(root));
  const calledOff = new AbortController();
  const slow = tools({ more: (command) => void (command.includes('pip') && calledOff.abort()) });
  const next = { ...bundle, id: '1.2.4-00000000', version: '1.2.4' };
  await assert.rejects(
    install(job(root, { bundle: next, run: slow, signal: calledOff.signal })),
    InstallCancelled,
  );
  assert.deepEqual(installed(root, pythonIn), [before]);
  assert.deepEqual(servers(root), ['server-1.2.3-abcdef01']);
});

test('a server that does not run, or is another version, is not put in place', async () => {
  const root = fresh();
  const broken = tools({
    more: (command) =>
      command.at(-1).includes('lsp.run') ? { code: 1, stdout: '', printed: 'ImportError: libx' } : undefined,
  });
  await assert.rejects(install(job(root, { run: broken })), /Trying the server failed: ImportError: libx\./);
  const other = tools({
    more: (command) =>
      command.at(-1).includes('lsp.run') ? { code: 0, stdout: '{"version": "9"}', printed: '' } : undefined,
  });
  await assert.rejects(install(job(root, { run: other })), /editsvc 9, and 1\.2\.3 was expected/);
  assert.deepEqual(servers(root), []);
});

test('without a Python it says so, and where it looked is in the log', async () => {
  const lines = [];
  const old = job(fresh(), { run: tools({ version: [3, 10, 1] }), log: (line) => lines.push(line) });
  await assert.rejects(
    install(old),
    (error) => error.remedy === 'python' && /No Python 3\.11 or later was found/.test(error.message),
  );
  assert.match(lines.join('\n'), /Passed over \/usr\/bin\/python3: it is Python 3\.10\.1/);
  await assert.rejects(install(job(fresh(), { programs: [] })), /No Python 3\.11 or later/);
});

test('a Python that was set and does not fit is named, and no other is taken', async () => {
  const own = job(fresh(), { python: '/opt/python3', run: tools({ version: [3, 9, 2] }) });
  await assert.rejects(
    install(own),
    /editsvc\.server\.python, \/opt\/python3, cannot be used: it is Python 3\.9\.2/,
  );
});

test('uv makes it where there is one, and gets a Python where there is none', async () => {
  const made = await install(job(fresh(), { programs: ['/usr/bin/uv', '/usr/bin/python3'] }));
  assert.equal(made.by, 'uv');
  const got = await install(job(fresh(), { programs: ['/usr/bin/uv'] }));
  assert.equal(got.madeWith, 'a Python 3.12.4 that uv got');
  const offline = tools({
    more: (command) =>
      command.includes('venv') ? { code: 2, stdout: '', printed: 'error: dns error' } : undefined,
  });
  await assert.rejects(
    install(job(fresh(), { programs: ['/usr/bin/uv'], run: offline })),
    /No Python 3\.11 or later/,
  );
});

test('an index without the tested versions gives others, and that is said', async () => {
  const said = [];
  const old = tools({
    said,
    more: (command) =>
      command.includes('--constraint')
        ? { code: 1, stdout: '', printed: 'ERROR: No matching distribution found for httpx==0.28.1' }
        : undefined,
  });
  const made = await install(job(fresh(), { run: old }));
  assert.equal(made.tested, false);
  assert.equal(said.filter((command) => command.includes('-m venv')).length, 1);
});

test('what came along is used for the Pythons that it is for, and others ask the index', async () => {
  const brought = { ...bundle, wheels: '/ext/wheels', pythons: ['3.12'] };
  for (const [version, without] of [
    [[3, 12, 4], true],
    [[3, 13, 0], false],
  ]) {
    const said = [];
    await install(job(fresh(), { bundle: brought, run: tools({ version, said }) }));
    assert.equal(
      said.some((command) => command.includes('--no-index')),
      without,
    );
  }
});

test('two windows that install at once install once', async () => {
  const root = fresh();
  let makings = 0;
  const slow = () =>
    tools({
      more: async (command) => {
        if (!command.includes('venv')) return;
        makings += 1;
        await new Promise((resolve) => setTimeout(resolve, 300));
      },
    });
  const first = install(job(root, { run: slow() }));
  while (!readdirSync(root).some((name) => name.startsWith('build-'))) await new Promise(setImmediate);
  const second = install(job(root, { run: slow() }));
  assert.deepEqual(await second, await first);
  assert.equal(makings, 1);
});

test('a build that was interrupted is never used, and goes once it is old', async () => {
  const root = fresh();
  const aside = await build(root, pythonIn);
  mkdirSync(join(aside.folder, 'bin'), { recursive: true });
  writeFileSync(pythonIn(aside.folder), '');
  assert.deepEqual(installed(root, pythonIn), []);
  await cleaned(root, [], () => undefined);
  assert.equal(servers(root).length, 1, 'another window may be building it');
  // The window is killed: nobody touches the sign any more.
  const sign = join(root, servers(root)[0], 'alive');
  const writing = new Date(Date.now() - 120_000);
  utimesSync(sign, writing, writing);
  await cleaned(root, [], () => undefined);
  assert.deepEqual(servers(root), []);
  await aside.close();
});

test('half an environment in the place of a whole one is not installed', async () => {
  const root = fresh();
  const made = await install(job(root));
  rmSync(join(made.folder, 'server.json'));
  assert.deepEqual(installed(root, pythonIn), []);
  assert.deepEqual(await install(job(root)).then(({ id }) => id), bundle.id);
});

test('an environment whose Python is gone is none, and is made anew', async () => {
  const root = fresh();
  const made = await install(job(root));
  rmSync(made.python);
  symlinkSync('/gone/python3.12', made.python);
  assert.deepEqual(installed(root, pythonIn), []);
  const again = await install(job(root));
  assert.equal(again.folder, made.folder);
  assert.deepEqual(servers(root), ['server-1.2.3-abcdef01']);
});

test('an old version stays while a window runs it, and goes afterwards', async () => {
  const root = fresh();
  const old = await install(job(root));
  const next = { ...bundle, id: '1.2.3-00000000' };
  const made = await install(job(root, { bundle: next }));
  const release = await using(root, old.folder, process.pid);
  writeFileSync(join(root, 'users', `server-1.2.3-00000000@${hostname()}-4000000`), '');
  await cleaned(root, [next.id], () => undefined);
  assert.deepEqual(servers(root).length, 2);
  await release();
  await cleaned(root, [next.id], () => undefined);
  assert.deepEqual(servers(root), ['server-1.2.3-00000000']);
  assert.deepEqual(readdirSync(join(root, 'users')), [], 'a window that has ended is forgotten');
  assert.equal(existsSync(made.python), true);
});

test('a window on another machine that shares the home counts as running', async () => {
  const root = fresh();
  const old = await install(job(root));
  mkdirSync(join(root, 'users'));
  writeFileSync(join(root, 'users', 'server-1.2.3-abcdef01@elsewhere-4000000'), '');
  await cleaned(root, [], () => undefined);
  assert.equal(existsSync(old.python), true);
});

test(
  'calling off ends a program and all that it started',
  { skip: process.platform === 'win32' },
  async () => {
    const calledOff = new AbortController();
    // What is printed ends when nobody can print any more: it would last as long as the program in the background.
    const ended = await run(['/bin/sh', '-c', 'sleep 600 & echo started; wait'], {
      cwd: tmpdir(),
      env: { PATH: '/usr/bin:/bin' },
      signal: calledOff.signal,
      line: () => calledOff.abort(),
    });
    assert.equal(ended.code, undefined);
  },
);

test('a program that is not there is told, and one that takes too long is ended', async () => {
  const options = { cwd: tmpdir(), env: { PATH: '/usr/bin:/bin' }, signal: new AbortController().signal };
  const none = await run([join(tmpdir(), 'no-such-program')], options);
  assert.equal(none.code, undefined);
  assert.match(none.printed, /ENOENT/);
  const endless = await run([process.execPath, '-e', 'setInterval(() => {}, 1000)'], {
    ...options,
    atMostMs: 50,
  });
  assert.equal(endless.code, undefined);
});
