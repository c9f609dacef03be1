/** Where the language server is, and how long to wait before it is started again; knows no editor. */

import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';

const program = process.platform === 'win32' ? 'editsvc-lsp.exe' : 'editsvc-lsp';
const memoryMs = 3 * 60_000;
const mostCrashes = 5;
const firstPauseMs = 250;

/**
 * The server's absolute path: `configured`, if it is set, else the first on `path`, else where pipx puts programs.
 *
 * An absolute path is asked for, and relative parts of `path` are passed over, because a workspace could have a
 * program of that name, and Windows would look there first.
 */
export function findServer(configured: string, path: string): string | undefined {
  if (configured) {
    const place = configured.startsWith('~/') ? join(homedir(), configured.slice(2)) : configured;
    return isAbsolute(place) && isProgram(place) ? place : undefined;
  }
  return [...path.split(delimiter).filter(isAbsolute), join(homedir(), '.local', 'bin')]
    .map((folder) => join(folder, program))
    .find(isProgram);
}

/**
 * Milliseconds to wait before the next start, by when (in ms) the server crashed, the last time at `now`; undefined
 * when it crashed too often to go on.
 */
export function pauseAfter(crashes: readonly number[], now: number): number | undefined {
  const recent = crashes.filter((time) => now - time < memoryMs).length;
  return recent > mostCrashes ? undefined : firstPauseMs * 2 ** (recent - 1);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
