// Which programs make the environment, on any system: a machine is a value.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isInside } from '../src/install/machine.ts';
import { candidates, isIdeal, lasting, understood, unfit } from '../src/install/pythons.ts';

/** A machine with these programs; `links` are folders or files that stand for others. */
function machine({ platform = 'linux', path = '', env = {}, programs = [], links = {} }) {
  return {
    platform,
    env: { PATH: path, ...env },
    home: platform === 'win32' ? 'C:\\Users\\ann' : '/home/ann',
    isProgram: (one) => programs.includes(one),
    real: (one) => {
      for (const [link, target] of Object.entries(links))
        if (one.startsWith(link)) return target + one.slice(link.length);
      return one;
    },
  };
}

const cpython = {
  executable: '/usr/bin/python3',
  version: [3, 12, 4],
  implementation: 'cpython',
  virtual: false,
  ensurepip: true,
  pip: null,
};

test('the python3 that is first on PATH is the first to be tried, then others by their versions', () => {
  const programs = [
    '/usr/bin/python3',
    '/opt/a/python3.13',
    '/opt/a/python3',
    '/opt/a/python',
    '/home/ann/.pyenv/shims/python3.11',
  ];
  assert.deepEqual(candidates(machine({ path: '/opt/a:/usr/bin', programs }), '', []), [
    ['/opt/a/python3'],
    ['/usr/bin/python3'],
    ['/opt/a/python3.13'],
    ['/home/ann/.pyenv/shims/python3.11'],
    ['/opt/a/python'],
  ]);
});

test('nothing of the workspace is run: not by its place, nor by a link to it, nor by a relative part of PATH', () => {
  const programs = ['/projects/x/.venv/bin/python3', '/linked/python3', 'bin/python3', '/usr/bin/python3'];
  const here = machine({
    path: '/projects/x/.venv/bin:/linked:bin:/usr/bin',
    programs,
    links: { '/linked': '/projects/x/tools', '/projects/x/.venv/bin/python3': '/usr/bin/python3' },
  });
  assert.deepEqual(candidates(here, '', ['/projects/x']), [['/usr/bin/python3']]);
});

test('a neighbour whose name begins alike is not inside of the workspace', () => {
  const here = machine({});
  assert.equal(isInside(here, '/projects/xy/python3', ['/projects/x']), false);
  assert.equal(isInside(here, '/projects/x/..y/python3', ['/projects/x']), true);
  const windows = machine({ platform: 'win32' });
  assert.equal(isInside(windows, 'D:\\python.exe', ['C:\\work']), false);
  assert.equal(isInside(windows, 'C:\\Work\\venv\\python.exe', ['c:\\work']), true);
});

test('on Windows the launcher is asked for each version, then PATH, then where the installer puts it', () => {
  const python = 'C:\\Users\\ann\\AppData\\Local\\Programs\\Python\\Python312\\python.exe';
  const here = machine({
    platform: 'win32',
    env: {
      PATH: undefined,
      Path: 'C:\\tools;bin',
      SystemRoot: 'C:\\Windows',
      LocalAppData: 'C:\\Users\\ann\\AppData\\Local',
    },
    programs: ['C:\\Windows\\py.exe', 'C:\\tools\\python.exe', 'bin\\python.exe', python],
  });
  delete here.env.PATH;
  assert.deepEqual(candidates(here, '', []), [
    ['C:\\Windows\\py.exe', '-3.13'],
    ['C:\\Windows\\py.exe', '-3.12'],
    ['C:\\Windows\\py.exe', '-3.11'],
    ['C:\\Windows\\py.exe', '-3.14'],
    ['C:\\Windows\\py.exe', '-3'],
    ['C:\\tools\\python.exe'],
    [python],
  ]);
});

test('the Python that is set counts alone', () => {
  const here = machine({ path: '/usr/bin', programs: ['/usr/bin/python3'] });
  assert.deepEqual(candidates(here, '/opt/python3.12', []), [['/opt/python3.12']]);
});

test('a Python is passed over for its age, its kind, or whose it is', () => {
  const here = machine({});
  assert.equal(unfit(here, cpython, ['/projects/x']), undefined);
  assert.match(unfit(here, { ...cpython, version: [3, 10, 13] }, []), /Python 3\.10\.13, and 3\.11 or later/);
  assert.match(unfit(here, { ...cpython, version: [2, 7, 18] }, []), /2\.7\.18/);
  assert.match(unfit(here, { ...cpython, implementation: 'pypy' }, []), /CPython is needed/);
  assert.match(unfit(here, { ...cpython, virtual: true }, []), /virtual environment/);
  assert.match(unfit(here, { ...cpython, executable: '/projects/x/python3' }, ['/projects/x']), /the workspace/);
});

test('the search goes on after a Python that the wheels are not for, or that cannot make environments', () => {
  assert.equal(isIdeal(cpython, [], false), true);
  assert.equal(isIdeal(cpython, ['3.11'], false), false);
  assert.equal(isIdeal({ ...cpython, version: [3, 99, 0] }, [], false), false);
  assert.equal(isIdeal({ ...cpython, ensurepip: false }, [], false), false);
  assert.equal(isIdeal({ ...cpython, ensurepip: false }, [], true), true);
  assert.equal(isIdeal({ ...cpython, ensurepip: false, pip: [23, 0] }, [], false), true);
  assert.equal(isIdeal({ ...cpython, ensurepip: false, pip: [22, 2] }, [], false), false);
});

test('an environment names the version, so that it lasts when python3 becomes another', () => {
  assert.equal(lasting(machine({ programs: ['/usr/bin/python3.12'] }), cpython), '/usr/bin/python3.12');
  assert.equal(lasting(machine({}), cpython), '/usr/bin/python3');
});

test('what is no answer is none', () => {
  assert.equal(
    understood('Python was not found; run without arguments to install from the Store'),
    undefined,
  );
  assert.equal(understood('{"version": [3, 12, 4], "executable": ""}'), undefined);
  assert.deepEqual(understood(JSON.stringify(cpython)), cpython);
});
