// With which commands, and in which environment, the server is installed.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { failure } from '../src/install/failures.ts';
import {
  environment,
  isRecentUv,
  onlyPipIsConfigured,
  pythonOf,
  steps,
  uvCandidates,
} from '../src/install/plan.ts';
import { bundle } from './bundle.mjs';

const linux = { platform: 'linux', env: {}, home: '/home/ann', isProgram: () => false, real: (one) => one };
const windows = { ...linux, platform: 'win32', home: 'C:\\Users\\ann' };
const brought = { ...bundle, wheels: '/ext/wheels', pythons: ['3.12'] };
const python = { executable: '/usr/bin/python3', version: [3, 12, 4], ensurepip: true, pip: null };
const choice = {
  machine: linux,
  bundle,
  uv: undefined,
  python,
  folder: '/store/b',
  offline: false,
  tested: true,
};
const commands = (more) => steps({ ...choice, ...more }).map(({ command }) => command.join(' '));

test('pip installs the wheel in the tested versions from the user’s index', () => {
  const [make, fill, trial] = commands({});
  assert.equal(make, '/usr/bin/python3 -I -m venv /store/b');
  assert.match(
    fill,
    /^\/store\/b\/bin\/python -I -X utf8 -m pip .*install .*--constraint \/ext\/constraints\.txt \/ext\/editsvc-1\.2\.3-/,
  );
  assert.doesNotMatch(fill, /index/);
  assert.match(trial, /^\/store\/b\/bin\/python -I .*from lsp\.run import run/s);
});

test('uv does the same, and compiles as pip does', () => {
  const [make, fill] = commands({ uv: '/bin/uv' });
  assert.equal(make, '/bin/uv venv --no-project --python /usr/bin/python3 /store/b');
  assert.match(
    fill,
    /^\/bin\/uv pip install --python \/store\/b\/bin\/python --compile-bytecode .*--constraint/,
  );
});

test('what came along is installed without an index', () => {
  for (const uv of [undefined, '/bin/uv']) {
    const [, fill] = commands({ bundle: brought, offline: true, uv });
    assert.match(fill, /--no-index --find-links \/ext\/wheels/);
  }
  assert.match(commands({ bundle: brought, offline: true, uv: '/bin/uv' })[0], /--offline/);
});

test('a Python that the wheels are not for has the index, too', () => {
  const [, fill] = commands({ bundle: brought, offline: false });
  assert.match(fill, /--find-links \/ext\/wheels/);
  assert.doesNotMatch(fill, /--no-index/);
});

test('uv gets a Python where there is none', () => {
  assert.equal(
    commands({ uv: '/bin/uv', python: undefined })[0],
    '/bin/uv venv --no-project --python 3.13 /store/b',
  );
});

test('where Python cannot put pip into an environment, its own pip fills it', () => {
  const [make, fill] = commands({ python: { ...python, ensurepip: false, pip: [23, 0] } });
  assert.equal(make, '/usr/bin/python3 -I -m venv --without-pip /store/b');
  assert.match(fill, /^\/usr\/bin\/python3 -I -X utf8 -m pip --python \/store\/b\/bin\/python /);
});

test('on Windows the environment’s Python is in Scripts', () => {
  assert.equal(pythonOf(windows, 'C:\\store\\b'), 'C:\\store\\b\\Scripts\\python.exe');
  const found = uvCandidates(windows, ['C:\\tools']);
  assert.deepEqual(found, [
    'C:\\tools\\uv.exe',
    'C:\\Users\\ann\\.local\\bin\\uv.exe',
    'C:\\Users\\ann\\.cargo\\bin\\uv.exe',
  ]);
});

test('other versions than the tested ones are allowed only when that is asked for', () => {
  assert.doesNotMatch(commands({ tested: false })[1], /--constraint/);
});

test('the user’s index and proxy are kept, and what would lead elsewhere is not', () => {
  const env = {
    PIP_INDEX_URL: 'https://index.example/simple',
    UV_DEFAULT_INDEX: 'https://index.example/simple',
    https_proxy: 'http://proxy.example',
    PYTHONPATH: '/projects/x',
    PYTHONHOME: '/projects/x',
    VIRTUAL_ENV: '/projects/x/.venv',
    PIP_TARGET: '/elsewhere',
    PIP_USER: '1',
    UV_SYSTEM_PYTHON: '1',
    UV_PROJECT_ENVIRONMENT: '/elsewhere',
    PIP_RETRIES: '0',
    PATH: '/usr/bin',
  };
  assert.deepEqual(environment({ ...linux, env }, { proxy: 'http://editor.example' }, false), {
    PIP_INDEX_URL: 'https://index.example/simple',
    UV_DEFAULT_INDEX: 'https://index.example/simple',
    https_proxy: 'http://proxy.example',
    PATH: '/usr/bin',
  });
});

test('the editor’s proxy counts where the environment names none', () => {
  const found = environment(
    linux,
    { proxy: 'http://editor.example', noProxy: ['a.example', 'b.example'] },
    false,
  );
  assert.deepEqual(found, {
    HTTPS_PROXY: 'http://editor.example',
    HTTP_PROXY: 'http://editor.example',
    NO_PROXY: 'a.example,b.example',
  });
  const lower = { ...windows, env: { Https_Proxy: 'http://proxy.example' } };
  assert.equal(environment(lower, { proxy: 'http://editor.example' }, false).HTTPS_PROXY, undefined);
});

test('without a network, nothing of pip’s configuration is read', () => {
  const env = { PIP_INDEX_URL: 'https://index.example/simple', PIP_FIND_LINKS: '/elsewhere' };
  assert.deepEqual(environment({ ...linux, env }, {}, true), { PIP_CONFIG_FILE: '/dev/null' });
  assert.deepEqual(environment({ ...windows, env }, {}, true), { PIP_CONFIG_FILE: 'nul' });
});

test('pip installs where pip alone is told of an index', () => {
  const has = (files, env = {}, machine = linux) =>
    onlyPipIsConfigured({ ...machine, env, text: (path) => files[path] });
  const conf = '[global]\nindex-url = https://index.example/simple\n';
  assert.equal(has({}), false);
  assert.equal(has({}, { PIP_INDEX_URL: 'x' }), true);
  assert.equal(has({}, { PIP_DISABLE_PIP_VERSION_CHECK: '1' }), false);
  assert.equal(has({}, { PIP_INDEX_URL: 'x', UV_DEFAULT_INDEX: 'x' }), false);
  assert.equal(has({ '/home/ann/.config/pip/pip.conf': conf }), true);
  assert.equal(has({ '/home/ann/.config/pip/pip.conf': '[global]\ntimeout = 60\n' }), false);
  assert.equal(
    has({ '/etc/pip.conf': conf, '/home/ann/.config/uv/uv.toml': '[[index]]\nurl = "x"\n' }),
    false,
  );
  assert.equal(has({ 'C:\\Users\\ann\\AppData\\Roaming\\pip\\pip.ini': conf }, {}, windows), true);
});

test('a uv that is too old does not know what it is asked', () => {
  assert.deepEqual(['uv 0.4.30', 'uv 0.5.0 (x 2024-11-01)', 'uv 1.0.0', 'what'].map(isRecentUv), [
    false,
    true,
    true,
    false,
  ]);
});

for (const [printed, sentence, remedy] of [
  [
    "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...)'\nERROR: No matching distribution found for aiohttp>=3",
    /index cannot be reached.*Without a network, install this extension from editsvc-/,
    'network',
  ],
  ['error: Failed to fetch: `https://x/simple/a/`\n  Caused by: dns error', /cannot be reached/, 'network'],
  [
    'ERROR: No matching distribution found for tree-sitter>=0.26.1 (from editsvc)',
    /has no tree-sitter>=0\.26\.1 that fits/,
    'python',
  ],
  [
    'SSLError(SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"))',
    /certificate .* not trusted/,
    'network',
  ],
  ['ProxyError("Tunnel connection failed: 407 Proxy Authentication Required")', /proxy wants a name/, 'log'],
  ['ERROR: HTTP error 401 while getting a.whl', /refuses to serve us/, 'network'],
  [
    'The virtual environment was not created successfully because ensurepip is not available. On Debian/Ubuntu systems, …',
    /python3-venv/,
    'python',
  ],
  ["OSError: [Errno 28] No space left on device: '/x'", /disk is full/, 'log'],
  [
    'error: Microsoft Visual C++ 14.0 or greater is required.\nERROR: Failed building wheel for regex',
    /no wheel for this Python/,
    'python',
  ],
  ['ERROR: ResolutionImpossible: for help visit …', /versions that go together/, 'log'],
  ['something odd\nerror: it is so\n', /^Installing failed: it is so\.$/, 'log'],
  ['', /^Installing failed\.$/, 'log'],
]) {
  test(`a failure is one sentence: ${sentence}`, () => {
    const error = failure('Installing', printed);
    assert.match(error.message, sentence);
    assert.equal(error.remedy, remedy);
  });
}
