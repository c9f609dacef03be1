/** Keybindings as VS Code has them, read; knows no editor. */

import { parse } from 'jsonc-parser';

export interface Binding {
  readonly command: string;
  readonly key: string;
  readonly mac?: string;
}

/**
 * The key that runs `command`; undefined if the user has taken it away.
 *
 * `text` is the user's keybindings.json, in which later entries count more, and `-command` takes a key away; `own` is
 * what the extension brings.
 */
export function keyOf(command: string, own: readonly Binding[], text: string, isMac: boolean): string | undefined {
  const found = own
    .filter((one) => one.command === command)
    .map((one) => (isMac && one.mac ? one.mac : one.key));
  const entries: unknown = parse(text, [], { allowTrailingComma: true });
  for (const entry of Array.isArray(entries) ? (entries as unknown[]) : []) {
    const { command: runs, key } = (entry ?? {}) as Partial<Record<'command' | 'key', unknown>>;
    if (typeof key !== 'string' || !key) continue;
    if (runs === command) found.push(key);
    if (runs === `-${command}`) {
      const gone = found.findIndex((one) => same(one, key));
      if (gone >= 0) found.splice(gone, 1);
    }
  }
  return found.at(-1);
}

/** A key as people read it: `Shift+Alt+S`, and `⌘⌥S` on a Mac. */
export function inWords(key: string, isMac: boolean): string {
  return key
    .split(' ')
    .map((chord) => {
      const parts = chord.split('+').map((part) => (isMac ? (symbols[part] ?? capital(part)) : capital(part)));
      return parts.join(isMac ? '' : '+');
    })
    .join(' ');
}

const symbols: Record<string, string> = { cmd: '⌘', meta: '⌘', alt: '⌥', shift: '⇧', ctrl: '⌃' };

function capital(part: string): string {
  return part ? part[0]!.toUpperCase() + part.slice(1) : part;
}

function same(one: string, other: string): boolean {
  const sorted = (key: string) => key.toLowerCase().split(' ').map((chord) => chord.split('+').sort().join('+'));
  return sorted(one).join(' ') === sorted(other).join(' ');
}
