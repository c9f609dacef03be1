/**
 * The environments in the extension's storage: built aside, put in place by one rename, cleaned up; knows no editor.
 *
 *   server-<version>-<digest>/   a whole environment, with server.json, which says what it is
 *   build-<number>/              one that is being built; "alive" in it is touched meanwhile
 *   gone-<folder>/               one that is being removed
 *   users/<folder>@<host>-<pid>  a program that runs the server of a folder
 *
 * Whatever else is interrupted leaves a folder that is none of these, or a build whose "alive" grows old.
 */

import { accessSync, existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { lstat, mkdir, mkdtemp, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** What is known of an environment that is in place. */
export interface Installed {
  readonly version: string;
  readonly id: string;
  readonly folder: string;
  /** The program that starts the server. */
  readonly python: string;
  /** The version and the path of the Python that it was made with. */
  readonly madeWith: string;
  /** Such as `uv` or `pip`. */
  readonly by: string;
  readonly bytes: number;
  readonly tested: boolean;
  readonly installedAt: number;
}

type Facts = Omit<Installed, 'folder' | 'python'>;

const facts = 'server.json';
const alive = 'alive';
const users = 'users';
const beatMs = 2_000;
const abandonedMs = 30_000;
const forgottenMs = 30 * 24 * 60 * 60_000;
/** How often, and how far apart, a folder is moved that another program holds: on Windows a virus scanner, say. */
const moves = 20;
const moveMs = 250;

/** The environments of `root` that are in place, the latest first. `pythonOf` tells an environment's Python. */
export function installed(root: string, pythonOf: (folder: string) => string): Installed[] {
  const found: Installed[] = [];
  for (const name of names(root)) {
    if (!name.startsWith('server-')) continue;
    const folder = join(root, name);
    try {
      const said = JSON.parse(readFileSync(join(folder, facts), 'utf8')) as Facts;
      const python = pythonOf(folder);
      // It links to the Python that it was made with, which may be gone.
      accessSync(python);
      found.push({ ...said, folder, python });
    } catch {
      // Not whole, or not any more.
    }
  }
  return found.sort((a, b) => b.installedAt - a.installedAt);
}

/** An environment on its way; while it is open, nobody takes it for abandoned. */
export interface Build {
  readonly folder: string;
  /** Put it in place, and say where that is. What another program has put there meanwhile stays, unless `again`. */
  commit(facts: Omit<Facts, 'bytes' | 'installedAt'>, again: boolean): Promise<Installed>;
  /** Take it away, unless it is in place. */
  close(): Promise<void>;
}

export async function build(root: string, pythonOf: (folder: string) => string): Promise<Build> {
  await mkdir(root, { recursive: true });
  const outer = await mkdtemp(join(root, 'build-'));
  const sign = join(outer, alive);
  await writeFile(sign, '');
  const beat = setInterval(() => {
    const now = new Date();
    void utimes(sign, now, now).catch(() => undefined);
  }, beatMs);
  const folder = join(outer, 'server');
  return {
    folder,
    async commit(given, again) {
      const theirs = installed(root, pythonOf).find((one) => one.id === given.id);
      if (theirs && !again) return theirs;
      const said: Facts = { ...given, bytes: await size(folder), installedAt: Date.now() };
      await writeFile(join(folder, facts), JSON.stringify(said));
      const place = join(root, `server-${given.id}`);
      if (existsSync(place)) await moved(place, join(outer, 'replaced'));
      await moved(folder, place);
      return { ...said, folder: place, python: pythonOf(place) };
    },
    async close() {
      clearInterval(beat);
      await removed(outer);
    },
  };
}

/**
 * Remove the programs beside an environment's Python: they name the folder that it was built in. What is started is
 * Python itself, which finds its environment from where it is.
 */
export async function withoutScripts(python: string): Promise<void> {
  const folder = dirname(python);
  for (const name of await readdir(folder))
    if (!/^python/i.test(name)) await rm(join(folder, name), { recursive: true, force: true });
}

/** Wait until no other program builds in `root`; whether one did. */
export async function othersDone(root: string, signal: AbortSignal): Promise<boolean> {
  let waited = false;
  while (
    !signal.aborted &&
    names(root).some((name) => name.startsWith('build-') && isAlive(join(root, name)))
  ) {
    waited = true;
    await pause(500);
  }
  return waited;
}

/** Note that this program runs a server of `folder`, until the result is called. */
export async function using(root: string, folder: string, pid: number): Promise<() => Promise<void>> {
  const name = folder.slice(root.length).replace(/^[\\/]+/, '');
  const note = join(root, users, `${name}@${hostname()}-${pid}`);
  await mkdir(join(root, users), { recursive: true });
  await writeFile(note, '');
  return () => rm(note, { force: true });
}

/** Remove abandoned builds, and the environments that nobody runs, but for those that `keep` names; what was removed. */
export async function clean(root: string, keep: readonly string[]): Promise<string[]> {
  const inUse = new Set<string>(keep.map((id) => `server-${id}`));
  for (const note of names(join(root, users))) {
    const [, name, host, pid] = /^(.+?)@(.*)-(\d+)$/.exec(note) ?? [];
    if (name === undefined) continue;
    // A home may be shared by machines, of whose programs only the age of the note is known.
    const ended = host === hostname() ? !runs(Number(pid)) : olderThan(join(root, users, note), forgottenMs);
    if (ended) await rm(join(root, users, note), { force: true });
    else inUse.add(name);
  }
  const gone: string[] = [];
  for (const name of names(root)) {
    const old = name.startsWith('server-') && !inUse.has(name);
    const abandoned = name.startsWith('gone-') || (name.startsWith('build-') && !isAlive(join(root, name)));
    if ((old || abandoned) && (await removed(join(root, name)))) gone.push(name);
  }
  return gone;
}

/** The bytes of all files below `folder`. */
async function size(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true }))
    if (entry.isFile()) bytes += (await lstat(join(entry.parentPath ?? entry.path, entry.name))).size;
  return bytes;
}

async function moved(from: string, to: string): Promise<void> {
  for (let turn = 1; ; turn += 1)
    try {
      return await rename(from, to);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (turn === moves || !['EPERM', 'EBUSY', 'EACCES'].includes(code ?? '')) throw error;
      await pause(moveMs);
    }
}

/** Whether a folder could be removed; on Windows it can't while a program in it runs. */
async function removed(folder: string): Promise<boolean> {
  try {
    // Renamed first: a removal that is interrupted must not leave half an environment in its place.
    const apart = join(dirname(folder), `gone-${basename(folder).replace(/^gone-/, '')}`);
    if (folder !== apart && existsSync(folder)) await rename(folder, apart);
    await rm(apart, { recursive: true, force: true, maxRetries: 3 });
    return true;
  } catch {
    return false;
  }
}

function isAlive(build: string): boolean {
  return !olderThan(join(build, alive), abandonedMs);
}

/** Whether a file was last written before so many ms, or is not there. */
function olderThan(file: string, ms: number): boolean {
  try {
    return Date.now() - statSync(file).mtimeMs > ms;
  } catch {
    return true;
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
