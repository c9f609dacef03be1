/** One installation from the search for a Python to an environment that is in place; knows no editor. */

import { mkdir } from 'node:fs/promises';

import type { Bundle } from './bundle.ts';
import { InstallCancelled, InstallFailed, failure } from './failures.ts';
import { isInside, searched, type Machine } from './machine.ts';
import {
  environment,
  isRecentUv,
  onlyPipIsConfigured,
  pythonOf,
  steps,
  uvCandidates,
  type Choice,
  type Network,
} from './plan.ts';
import {
  canInstall,
  candidates,
  isIdeal,
  minor,
  oldest,
  question,
  shown,
  understood,
  unfit,
  type Python,
} from './pythons.ts';
import type { Ended, Run } from './run.ts';
import { build, clean, installed, othersDone, withoutScripts, type Installed } from './storage.ts';

export interface Job {
  readonly machine: Machine;
  readonly bundle: Bundle;
  /** The folder that environments are put into. */
  readonly root: string;
  /** The Python that the user has chosen; empty: look for one. */
  readonly python: string;
  /** The folders of the workspace, of which nothing is run. */
  readonly workspace: readonly string[];
  readonly network: Network;
  /** Make it anew, even if it is there. */
  readonly again: boolean;
  readonly run: Run;
  readonly signal: AbortSignal;
  /** Gets what is being done, for whoever waits. */
  readonly progress: (message: string) => void;
  /** Gets all commands, and all that they print. */
  readonly log: (line: string) => void;
}

const probeMs = 20_000;
/** The part of a line of pip or uv that says how far it is. */
const telling =
  /^\s*(Collecting|Downloading|Installing|Resolved|Prepared|Installed|Bytecode) [^\s,]+( packages| files)?/;

/** Install, and say what was; fails with InstallFailed or InstallCancelled, and leaves nothing then. */
export async function install(job: Job): Promise<Installed> {
  const { machine, bundle, root, signal, log, progress } = job;
  const pythonIn = (folder: string) => pythonOf(machine, folder);
  await mkdir(root, { recursive: true });
  progress('Waiting for another window, which installs it');
  const waited = await othersDone(root, signal);
  calledOff(signal);
  const there = installed(root, pythonIn).find((one) => one.id === bundle.id);
  if (there && (waited || !job.again)) return there;

  progress('Looking for Python');
  const uv = await foundUv(job);
  const python = await foundPython(job, uv !== undefined);
  const offline =
    bundle.wheels !== undefined && (python === undefined || bundle.pythons.includes(minor(python)));
  if (bundle.wheels && !offline)
    log('The wheels that came along are for other versions of Python; the index is asked.');
  const usedUv = uv !== undefined && usesUv(job, python, offline) ? uv : undefined;
  const aside = await build(root, pythonIn);
  try {
    const choice: Choice = {
      machine,
      bundle,
      uv: usedUv,
      python,
      folder: aside.folder,
      offline,
      tested: true,
    };
    const said = await made(job, choice);
    await withoutScripts(pythonIn(aside.folder));
    return await aside.commit(
      {
        version: bundle.version,
        id: bundle.id,
        madeWith: python
          ? `Python ${shown(python.version)} (${python.executable})`
          : `a Python ${said.python} that uv got`,
        by: usedUv ? 'uv' : 'pip',
        tested: said.tested,
      },
      job.again,
    );
  } catch (error) {
    calledOff(signal);
    if (error instanceof InstallFailed) throw error;
    throw failure('Putting the server in place', String(error));
  } finally {
    await aside.close();
  }
}

/** Remove what no window uses any more. */
export async function cleaned(
  root: string,
  keep: readonly string[],
  log: (line: string) => void,
): Promise<void> {
  for (const name of await clean(root, keep)) log(`Removed ${name}, which nothing uses any more.`);
}

/** Run the steps; with other versions than the tested ones, if the index does not have those. */
async function made(job: Job, choice: Choice): Promise<{ python: string; tested: boolean }> {
  try {
    return { python: await walked(job, choice), tested: true };
  } catch (error) {
    if (!(error instanceof InstallFailed) || !error.versions || choice.offline) throw error;
    job.log(`${error.message} Trying versions that editsvc allows, but that were not tested with it.`);
    try {
      // What is there already is made anew: both tools take an environment that exists as it is, and pip its packages.
      return { python: await walked(job, { ...choice, tested: false }, 1), tested: false };
    } catch {
      calledOff(job.signal);
      throw error;
    }
  }
}

/** Run the steps from the one with the index `first`; the version of the Python that the server runs with. */
async function walked(job: Job, choice: Choice, first = 0): Promise<string> {
  const { bundle, log, progress } = job;
  let last: Ended | undefined;
  for (const { title, command } of steps(choice).slice(first)) {
    progress(title);
    last = await ran(job, command, choice.offline, (line) => {
      log(line);
      const [told] = telling.exec(line) ?? [];
      if (told) progress(`${title}: ${told.trim()}`);
    });
    calledOff(job.signal);
    if (last.code !== 0) throw choice.python ? failure(title, last.printed) : noPython();
  }
  const said = JSON.parse(last?.stdout ?? '{}') as { version?: string; python?: string };
  if (said.version !== bundle.version)
    throw new InstallFailed(
      `What was installed is editsvc ${said.version}, and ${bundle.version} was expected.`,
    );
  return said.python ?? '';
}

async function foundUv(job: Job): Promise<string | undefined> {
  const { machine, workspace } = job;
  for (const path of uvCandidates(machine, searched(machine))) {
    if (!machine.isProgram(path) || isInside(machine, path, workspace)) continue;
    const { code, stdout } = await ran(job, [path, '--version'], true, undefined, probeMs);
    calledOff(job.signal);
    const recent = code === 0 && isRecentUv(stdout);
    job.log(`${recent ? 'Found' : 'Passed over'} ${stdout.trim() || 'uv'} at ${path}.`);
    if (recent) return path;
  }
  return undefined;
}

/** The Python to use; undefined if uv is to get one. */
async function foundPython(job: Job, withUv: boolean): Promise<Python | undefined> {
  const { machine, bundle, workspace, log } = job;
  let second: Python | undefined;
  for (const command of candidates(machine, job.python, workspace)) {
    const { code, stdout, printed } = await ran(
      job,
      [...command, '-I', '-c', question],
      true,
      undefined,
      probeMs,
    );
    calledOff(job.signal);
    const python = code === 0 ? understood(stdout) : undefined;
    const why = python
      ? unfit(machine, python, workspace)
      : `it does not run${code === undefined ? `: ${printed.trim()}` : ''}`;
    if (python === undefined || why !== undefined) {
      log(`Passed over ${command.join(' ')}: ${why}.`);
      if (job.python)
        throw new InstallFailed(
          `The Python of editsvc.server.python, ${job.python}, cannot be used: ${why}.`,
          'python',
        );
      continue;
    }
    log(`Found Python ${shown(python.version)} at ${python.executable}.`);
    if (job.python || isIdeal(python, bundle.wheels ? bundle.pythons : [], withUv)) return python;
    if (second === undefined || (!canInstall(second) && canInstall(python))) second = python;
  }
  if (second !== undefined || withUv) return second;
  throw noPython();
}

function noPython(): InstallFailed {
  return new InstallFailed(
    `No Python ${shown(oldest)} or later was found, which the language server needs. Install one, or uv, or choose one that is elsewhere.`,
    'python',
  );
}

/** Whether uv does the work: it is faster, but where only pip knows the user's index, pip has to. */
function usesUv({ machine, log }: Job, python: Python | undefined, offline: boolean): boolean {
  if (offline || python === undefined || !canInstall(python)) return true;
  if (!onlyPipIsConfigured(machine)) return true;
  log('pip is told where packages come from, and uv is not: pip installs.');
  return false;
}

function ran(
  { machine, root, network, signal, run, log }: Job,
  command: readonly string[],
  offline: boolean,
  line?: (text: string) => void,
  atMostMs?: number,
): Promise<Ended> {
  if (line)
    log(`$ ${command.map((one) => (/^[\w./:\\=@+-]+$/.test(one) ? one : JSON.stringify(one))).join(' ')}`);
  return run(command, {
    // Not the workspace, whose files could say what is installed.
    cwd: root,
    env: environment(machine, network, offline),
    signal,
    ...(line && { line }),
    ...(atMostMs !== undefined && { atMostMs }),
  });
}

function calledOff(signal: AbortSignal): void {
  if (signal.aborted) throw new InstallCancelled();
}
