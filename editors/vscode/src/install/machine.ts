/** What finding programs depends on, as a value, so that every system can be tried on any; knows no editor. */

import { accessSync, constants, readFileSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { posix, win32 } from 'node:path';

export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Whether there is a program at a path. */
  isProgram(path: string): boolean;
  /** A path without symbolic links; as it is, if there is nothing. */
  real(path: string): string;
  /** What is written in a file; undefined if it can't be read. */
  text(path: string): string | undefined;
}

export const thisMachine: Machine = {
  platform: process.platform,
  env: process.env,
  home: homedir(),
  isProgram(path) {
    try {
      accessSync(path, constants.X_OK);
      return statSync(path).isFile();
    } catch {
      return false;
    }
  },
  real(path) {
    try {
      return realpathSync.native(path);
    } catch {
      return path;
    }
  },
  text(path) {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return undefined;
    }
  },
};

/** How paths are written there. */
export function paths({ platform }: Pick<Machine, 'platform'>): typeof posix {
  return platform === 'win32' ? win32 : posix;
}

/** A variable of the environment; Windows does not tell `Path` from `PATH`. */
export function variable({ platform, env }: Machine, name: string): string | undefined {
  if (platform !== 'win32') return env[name];
  const found = Object.keys(env).find((one) => one.toUpperCase() === name.toUpperCase());
  return found === undefined ? undefined : env[found];
}

/** The folders of PATH; relative ones are left out, because a workspace could have programs there. */
export function searched(machine: Machine): string[] {
  const { delimiter, isAbsolute } = paths(machine);
  return (variable(machine, 'PATH') ?? '').split(delimiter).filter(isAbsolute);
}

/** Whether `path`, or what it links to, is inside of one of `folders`. */
export function isInside(machine: Machine, path: string, folders: readonly string[]): boolean {
  const { dirname, isAbsolute, join, basename, relative } = paths(machine);
  const linked = join(machine.real(dirname(path)), basename(path));
  return folders.some((folder) =>
    [folder, machine.real(folder)].some((outer) =>
      [path, linked, machine.real(path)].some((one) => {
        const way = relative(outer, one);
        return way === '' || (way !== '..' && !way.startsWith(`..${paths(machine).sep}`) && !isAbsolute(way));
      }),
    ),
  );
}
