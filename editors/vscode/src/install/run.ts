/** Runs a program and says what it prints, until it ends or is called off; knows no editor. */

import { spawn } from 'node:child_process';

export interface RunOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Ends the program, and all that it started. */
  readonly signal: AbortSignal;
  /** Gets each line that is printed. */
  readonly line?: (text: string) => void;
  readonly atMostMs?: number;
}

export interface Ended {
  /** Undefined if the program did not start, or was ended. */
  readonly code: number | undefined;
  readonly stdout: string;
  /** The end of all that was printed, or why the program did not start. */
  readonly printed: string;
}

export type Run = (command: readonly string[], options: RunOptions) => Promise<Ended>;

const mostPrinted = 100_000;

export const run: Run = ([program = '', ...args], { cwd, env, signal, line, atMostMs }) =>
  new Promise((resolve) => {
    let stdout = '';
    let printed = '';
    let rest = '';
    const windows = process.platform === 'win32';
    // A group of its own, so that what it starts ends with it.
    const child = spawn(program, args, {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: !windows,
      windowsHide: true,
    });
    const stop = () => {
      if (child.pid === undefined) return;
      if (windows)
        spawn('taskkill', ['/pid', String(child.pid), '/T', '/F'], { windowsHide: true }).on('error', () =>
          child.kill(),
        );
      else
        try {
          process.kill(-child.pid, 'SIGKILL');
        } catch {
          child.kill('SIGKILL');
        }
    };
    const late = atMostMs === undefined ? undefined : setTimeout(stop, atMostMs);
    const add = (text: string) => {
      printed = (printed + text).slice(-mostPrinted);
      const lines = (rest + text).split(/\r\n|\r|\n/);
      rest = lines.pop()!;
      for (const one of lines) if (one.trim()) line?.(one);
    };
    const end = (code: number | undefined) => {
      clearTimeout(late);
      signal.removeEventListener('abort', stop);
      if (rest.trim()) line?.(rest);
      resolve({ code, stdout, printed });
    };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      add(text);
    });
    child.stderr.setEncoding('utf8').on('data', add);
    child.on('error', (error) => {
      add(`${error.message}\n`);
      end(undefined);
    });
    child.on('close', (code) => end(code ?? undefined));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop);
  });
