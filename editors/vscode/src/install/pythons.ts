/** Which Python makes the server's environment: where to look, and which of those found fits; knows no editor. */

import { isInside, paths, searched, variable, type Machine } from './machine.ts';

export const oldest = [3, 11] as const;

/** Preferred over others, for the index has wheels of everything for them. */
const known = ['3.13', '3.12', '3.11', '3.14'];

/** What a Python says about itself. */
export interface Python {
  readonly executable: string;
  /** Such as `[3, 12, 4]`. */
  readonly version: readonly [number, number, number];
  readonly implementation: string;
  /** It belongs to a virtual environment, which somebody may delete. */
  readonly virtual: boolean;
  /** It can put pip into an environment; Debian's needs a package more for that. */
  readonly ensurepip: boolean;
  /** The version of its own pip, such as `[23, 0]`. */
  readonly pip: readonly number[] | null;
}

/** Prints what `Python` says; written for any Python 3, so that an old one is recognised as such. */
export const question = `
import importlib.util as u, json, sys
def pip():
    try:
        import pip
        return [int(n) for n in pip.__version__.split(".")[:2]]
    except Exception:
        return None
print(json.dumps({"executable": sys.executable, "version": list(sys.version_info[:3]),
    "implementation": sys.implementation.name, "virtual": sys.prefix != sys.base_prefix,
    "ensurepip": u.find_spec("ensurepip") is not None, "pip": pip()}))
`;

/** The commands by which a Python may be there, the first to be tried first. */
export function candidates(machine: Machine, configured: string, workspace: readonly string[]): string[][] {
  if (configured) return [[configured]];
  const { join } = paths(machine);
  const at = (folders: readonly string[], name: string) => folders.map((folder) => join(folder, name));
  const found: string[][] = [];
  if (machine.platform === 'win32') {
    const folders = searched(machine);
    const windows = variable(machine, 'SystemRoot');
    const launcher = at([...folders, ...(windows ? [windows] : [])], 'py.exe').find((one) =>
      machine.isProgram(one),
    );
    if (launcher) found.push(...[...known.map((one) => `-${one}`), '-3'].map((one) => [launcher, one]));
    found.push(...['python3.exe', 'python.exe'].flatMap((name) => at(folders, name)).map((one) => [one]));
    const local = variable(machine, 'LOCALAPPDATA');
    const homes = [local && join(local, 'Programs', 'Python'), variable(machine, 'ProgramFiles')];
    for (const version of known)
      for (const home of homes)
        if (home) found.push([join(home, `Python${version.replace('.', '')}`, 'python.exe')]);
  } else {
    const { home } = machine;
    const more = [
      '/usr/local/bin',
      '/opt/homebrew/bin',
      '/usr/bin',
      join(home, '.local', 'bin'),
      join(home, '.pyenv', 'shims'),
    ];
    const folders = [...searched(machine), ...more];
    const names = ['python3', ...known.map((one) => `python${one}`), 'python'];
    found.push(...names.flatMap((name) => at(folders, name)).map((one) => [one]));
  }
  const seen = new Set<string>();
  return found.filter((command) => {
    const [program] = command as [string];
    const key = command.join(' ');
    if (seen.has(key) || !machine.isProgram(program) || isInside(machine, program, workspace)) return false;
    seen.add(key);
    return true;
  });
}

/** What a Python printed for `question`; undefined if that is something else. */
export function understood(printed: string): Python | undefined {
  try {
    const said = JSON.parse(printed) as Python;
    return typeof said.executable === 'string' && said.executable && Array.isArray(said.version)
      ? said
      : undefined;
  } catch {
    return undefined;
  }
}

/** Why a Python can't be used; undefined if it can. */
export function unfit(machine: Machine, python: Python, workspace: readonly string[]): string | undefined {
  const { version, implementation, virtual, executable } = python;
  const [major, minor] = version;
  if (major !== oldest[0] || minor < oldest[1])
    return `it is Python ${shown(version)}, and ${oldest.join('.')} or later is needed`;
  if (implementation !== 'cpython') return `it is ${implementation}, and CPython is needed`;
  if (virtual) return 'it belongs to a virtual environment, which may be deleted';
  if (isInside(machine, executable, workspace)) return 'it belongs to the workspace';
  return undefined;
}

/** Such as `3.12`. */
export function minor({ version }: Python): string {
  return version.slice(0, 2).join('.');
}

export function shown(version: readonly number[]): string {
  return version.join('.');
}

/** Whether to look no further: the index, or the wheels that are brought along for `covered`, have all for it. */
export function isIdeal(python: Python, covered: readonly string[], withUv: boolean): boolean {
  return (covered.length ? covered : known).includes(minor(python)) && (withUv || canInstall(python));
}

/** Whether it can make an environment and fill it without further help. */
export function canInstall({ ensurepip, pip }: Python): boolean {
  return ensurepip || hasRecentPip(pip);
}

/** Whether a pip can install into another environment than its own (`--python`). */
export function hasRecentPip(pip: Python['pip']): boolean {
  const [major = 0, least = 0] = pip ?? [];
  return major > 22 || (major === 22 && least >= 3);
}

/** The name that stays what it is when the system's `python3` becomes another version. */
export function lasting(machine: Machine, python: Python): string {
  if (machine.platform === 'win32') return python.executable;
  const { dirname, join } = paths(machine);
  const named = join(dirname(python.executable), `python${minor(python)}`);
  return machine.isProgram(named) ? named : python.executable;
}
