/** Where the language server is, and how long to wait before it is started again; knows no editor. */

import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';

import { thisMachine } from './install/machine.ts';

const program = process.platform === 'win32' ? 'editsvc-lsp.exe' : 'editsvc-lsp';
const memoryMs = 3 * 60_000;
const mostCrashes = 5;
const firstPauseMs = 250;

/** A program that starts the server. */
export interface Found {
  readonly command: string;
  readonly args: readonly string[];
  /** Who says that it is this one: the setting, PATH, or the extension, which has installed it. */
  readonly by: 'setting' | 'path' | 'extension';
}

/** A program on PATH that the user has replaced by the extension's own, and when it was last changed, in ms. */
export interface PassedOver {
  readonly command: string;
  readonly changedAt: number;
}

export interface Places {
  /** The setting; empty if it is not set. */
  readonly configured: string;
  readonly path: string;
  readonly passedOver?: PassedOver | undefined;
  /** What the extension has installed. */
  readonly own?: Omit<Found, 'by'> | undefined;
}

/**
 * The server: `configured`, if it is set, else the first on `path`, else where pipx puts programs, else the
 * extension's own.
 *
 * An absolute path is asked for, and relative parts of `path` are passed over, because a workspace could have a
 * program of that name, and Windows would look there first.
 */
export function findServer({ configured, path, passedOver, own }: Places): Found | undefined {
  if (configured) {
    const place = configured.startsWith('~/') ? join(homedir(), configured.slice(2)) : configured;
    return isAbsolute(place) && thisMachine.isProgram(place) ? { command: place, args: [], by: 'setting' } : undefined;
  }
  const command = [...path.split(delimiter).filter(isAbsolute), join(homedir(), '.local', 'bin')]
    .map((folder) => join(folder, program))
    .find(
      (one) =>
        thisMachine.isProgram(one) && !(own && one === passedOver?.command && changedAt(one) === passedOver.changedAt),
    );
  if (command !== undefined) return { command, args: [], by: 'path' };
  return own && { ...own, by: 'extension' };
}

/** When the program, and not a link to it, was last changed, in ms. */
export function changedAt(command: string): number {
  return Math.floor(statSync(command).mtimeMs);
}

/**
 * Milliseconds to wait before the next start, by when (in ms) the server crashed, the last time at `now`; undefined
 * when it crashed too often to go on.
 */
export function pauseAfter(crashes: readonly number[], now: number): number | undefined {
  const recent = crashes.filter((time) => now - time < memoryMs).length;
  return recent > mostCrashes ? undefined : firstPauseMs * 2 ** (recent - 1);
}
