/** How an environment is made: by which tool, with which commands, in which environment; knows no editor. */

import type { Bundle } from './bundle.ts';
import { paths, variable, type Machine } from './machine.ts';
import { lasting, type Python } from './pythons.ts';

export interface Step {
  /** What is done, for whoever waits. */
  readonly title: string;
  readonly command: readonly string[];
}

export interface Choice {
  readonly machine: Machine;
  readonly bundle: Bundle;
  /** The path of uv; undefined if pip does the work. */
  readonly uv: string | undefined;
  /** Undefined if uv is to get one. */
  readonly python: Python | undefined;
  /** The environment to make. */
  readonly folder: string;
  /** From the wheels that are brought along alone: no network. */
  readonly offline: boolean;
  /** Whether to take the tested versions. */
  readonly tested: boolean;
}

/** The Python that uv gets if there is none. */
const fetched = '3.13';

/** Started by the environment's own Python, which works wherever the environment is moved, unlike its scripts. */
export const startServer = 'import sys; from lsp import main; sys.exit(main())';

const trial = `
import json, sys
from editsvc import __version__
from lsp.run import run
import editsvc.app.composition
print(json.dumps({"version": __version__, "python": ".".join(map(str, sys.version_info[:3]))}))
`;

/** The Python of an environment. */
export function pythonOf(machine: Pick<Machine, 'platform'>, folder: string): string {
  const { join } = paths(machine);
  return machine.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');
}

export function steps(choice: Choice): Step[] {
  const { machine, bundle, folder, offline, tested } = choice;
  const inside = pythonOf(machine, folder);
  const what = [...(tested ? ['--constraint', bundle.constraints] : []), bundle.wheel];
  const links = bundle.wheels ? ['--find-links', bundle.wheels] : [];
  const from = offline ? ['--no-index', ...links] : links;
  const make = 'Making an environment';
  const fill = offline ? 'Installing the wheels that came along' : 'Installing from the package index';
  return [
    ...(choice.uv ? byUv(choice.uv) : byPip()),
    { title: 'Trying the server', command: [inside, '-I', '-X', 'utf8', '-c', trial] },
  ];

  function byUv(uv: string): Step[] {
    const python = choice.python ? lasting(machine, choice.python) : fetched;
    const title = choice.python ? make : `Making an environment with a Python ${fetched} that uv gets`;
    const off = offline ? ['--offline'] : [];
    return [
      {
        title,
        command: [uv, 'venv', '--no-project', ...(choice.python ? off : []), '--python', python, folder],
      },
      {
        title: fill,
        command: [
          uv,
          'pip',
          'install',
          '--python',
          inside,
          '--compile-bytecode',
          '--no-progress',
          ...off,
          ...from,
          ...what,
        ],
      },
    ];
  }

  function byPip(): Step[] {
    const base = lasting(machine, choice.python!);
    const venv = [base, '-I', '-m', 'venv'];
    const install = [
      'install',
      '--no-user',
      '--progress-bar',
      'off',
      '--no-warn-script-location',
      ...from,
      ...what,
    ];
    const quiet = ['--no-input', '--disable-pip-version-check'];
    // Debian's Python comes without ensurepip, but its pip can fill another environment.
    return choice.python!.ensurepip
      ? [
          { title: make, command: [...venv, folder] },
          { title: fill, command: [inside, '-I', '-X', 'utf8', '-m', 'pip', ...quiet, ...install] },
        ]
      : [
          { title: make, command: [...venv, '--without-pip', folder] },
          {
            title: fill,
            command: [base, '-I', '-X', 'utf8', '-m', 'pip', '--python', inside, ...quiet, ...install],
          },
        ];
  }
}

/** Variables that would send what is installed elsewhere, or make another Python of the one that is asked. */
const misleading =
  /^(PYTHON\w*|VIRTUAL_ENV\w*|CONDA_PREFIX|__PYVENV_LAUNCHER__|PIP_(USER|TARGET|PREFIX|ROOT|PYTHON|REQUIREMENT|EDITABLE|DRY_RUN|NO_DEPS|REPORT|REQUIRE_VIRTUALENV)|UV_(PROJECT\w*|SYSTEM_PYTHON|BREAK_SYSTEM_PACKAGES|PYTHON|WORKING_DIRECTORY|RESOLUTION))$/i;

/** Settings of the editor about the network, as the user has them. */
export interface Network {
  readonly proxy?: string | undefined;
  readonly noProxy?: readonly string[] | undefined;
}

/**
 * The environment of the commands: the user's, with their proxies and indexes. The editor's proxy counts where the
 * environment names none. What works offline reads no configuration of pip, so that nothing is asked of an index.
 */
export function environment(machine: Machine, network: Network, offline: boolean): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(machine.env))
    if (value !== undefined && !misleading.test(name) && !(offline && /^PIP_/i.test(name))) env[name] = value;
  // Without a second try pip does not say that an index cannot be reached, only that it has nothing.
  if (env['PIP_RETRIES'] === '0') delete env['PIP_RETRIES'];
  if (offline) env['PIP_CONFIG_FILE'] = machine.platform === 'win32' ? 'nul' : '/dev/null';
  if (
    network.proxy &&
    !['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'].some((one) => variable(machine, one))
  ) {
    env['HTTPS_PROXY'] = network.proxy;
    if (!variable(machine, 'HTTP_PROXY') && !variable(machine, 'http_proxy'))
      env['HTTP_PROXY'] = network.proxy;
    if (network.noProxy?.length && !variable(machine, 'NO_PROXY') && !variable(machine, 'no_proxy'))
      env['NO_PROXY'] = network.noProxy.join(',');
  }
  return env;
}

/** Where uv may be. */
export function uvCandidates(machine: Machine, folders: readonly string[]): string[] {
  const { join } = paths(machine);
  const name = machine.platform === 'win32' ? 'uv.exe' : 'uv';
  const more = [join(machine.home, '.local', 'bin'), join(machine.home, '.cargo', 'bin')];
  return [...folders, ...more].map((folder) => join(folder, name));
}

/** Whether uv, which says `uv 0.9.1 (…)` of itself, knows the options that are used here. */
export function isRecentUv(said: string): boolean {
  const [, major = '0', least = '0'] = /^uv (\d+)\.(\d+)/.exec(said) ?? [];
  return Number(major) > 0 || Number(least) >= 5;
}

const pipOnly =
  /^PIP_(INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX|CONFIG_FILE|PROXY|CERT|CLIENT_CERT|TRUSTED_HOST)$/i;
const uvOnly =
  /^UV_(INDEX|DEFAULT_INDEX|INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX|OFFLINE|CONFIG_FILE)$/i;

/** Whether pip knows where to get packages and uv does not: uv reads neither pip's variables nor its files. */
export function onlyPipIsConfigured(machine: Machine): boolean {
  const { join } = paths(machine);
  const { home } = machine;
  const roaming = variable(machine, 'APPDATA') ?? join(home, 'AppData', 'Roaming');
  const programs = variable(machine, 'ProgramData') ?? 'C:\\ProgramData';
  const config = variable(machine, 'XDG_CONFIG_HOME') ?? join(home, '.config');
  const windows = machine.platform === 'win32';
  const uvFiles = windows
    ? [join(roaming, 'uv', 'uv.toml'), join(programs, 'uv', 'uv.toml')]
    : [join(config, 'uv', 'uv.toml'), '/etc/uv/uv.toml'];
  const pipFiles = windows
    ? [join(roaming, 'pip', 'pip.ini'), join(home, 'pip', 'pip.ini'), join(programs, 'pip', 'pip.ini')]
    : [
        join(config, 'pip', 'pip.conf'),
        join(home, '.pip', 'pip.conf'),
        join(home, 'Library', 'Application Support', 'pip', 'pip.conf'),
        '/etc/pip.conf',
        '/etc/xdg/pip/pip.conf',
      ];
  const names = Object.keys(machine.env).filter((name) => machine.env[name]);
  const says = (files: readonly string[], what: RegExp) =>
    files.some((file) => what.test(machine.text(file) ?? ''));
  if (
    names.some((name) => uvOnly.test(name)) ||
    says(uvFiles, /^\s*(\[\[index\]\]|(index|index-url|extra-index-url|find-links|no-index|offline)\s*=)/m)
  )
    return false;
  return (
    names.some((name) => pipOnly.test(name)) ||
    says(
      pipFiles,
      /^\s*(index[-_]url|extra[-_]index[-_]url|find[-_]links|no[-_]index|proxy|cert|client[-_]cert|trusted[-_]host)\s*=/m,
    )
  );
}
