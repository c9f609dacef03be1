/** The line above each open hunk: what can be done with it, by which keys, and what went. */

import {
  CodeLens,
  EventEmitter,
  Range,
  languages,
  workspace,
  type CodeLensProvider,
  type Disposable,
  type TextDocument,
} from 'vscode';

import { linesOf } from './hunks';
import type { Keys } from './keys';
import type { OpenHunk, OpenHunks } from './openHunks';
import { serverCommand } from './protocol';
import { setting } from './settings';

const longest = 60;

export class Lenses implements CodeLensProvider, Disposable {
  private readonly changed = new EventEmitter<void>();
  private readonly listeners: readonly Disposable[];
  readonly onDidChangeCodeLenses = this.changed.event;

  constructor(
    private readonly hunks: OpenHunks,
    private readonly keys: Keys,
  ) {
    this.listeners = [
      languages.registerCodeLensProvider([{ scheme: 'file' }, { scheme: 'untitled' }], this),
      hunks.onDidChange(() => this.changed.fire()),
      keys.onDidChange(() => this.changed.fire()),
      workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('editsvc')) this.changed.fire();
      }),
    ];
  }

  provideCodeLenses(document: TextDocument): CodeLens[] {
    if (!setting('codeLenses', true)) return [];
    const open = this.hunks.of(document.uri);
    return open.flatMap((one, index) => this.above(document, one, index, open));
  }

  dispose(): void {
    for (const one of [...this.listeners, this.changed]) one.dispose();
  }

  private above(document: TextDocument, one: OpenHunk, index: number, open: readonly OpenHunk[]): CodeLens[] {
    const { editId, hunk } = one;
    const line = Math.min(hunk.range.start.line, document.lineCount - 1);
    const argument = { editId, hunkId: hunk.id };
    const after = (command: string) => this.keys.after(command);
    const unasked = open.some((other) => other.hunk.mark === 'unexplained');
    const rows: [title: string, command: string, ...argumentsOf: unknown[]][] = [
      [
        `${hunk.mark === 'unexplained' ? 'Not asked for? ' : ''}Accept${after('editsvc.accept')}`,
        serverCommand.acceptHunk,
        argument,
      ],
    ];
    // What somebody has typed in is theirs, and can't be taken back as if it were not.
    if (hunk.state === 'open') rows.push([`Reject${after('editsvc.reject')}`, serverCommand.rejectHunk, argument]);
    if (open.length > 1) rows.push([`${index + 1} of ${open.length}`, 'editsvc.nextHunk', document.uri, line]);
    const gone = whatGoes(hunk.oldText);
    if (gone) rows.push([gone, 'editsvc.compare', document.uri, line]);
    if (index === 0 && open.length > 1) {
      rows.push([`Accept all${after('editsvc.acceptAll')}`, 'editsvc.acceptAll', document.uri]);
      rows.push([`Reject all${after('editsvc.rejectAll')}`, 'editsvc.rejectAll', document.uri]);
      if (unasked)
        rows.push([`Reject what was not asked for${after('editsvc.rejectUnasked')}`, 'editsvc.rejectUnasked', document.uri]);
    }
    return rows.map(
      ([title, command, ...argumentsOf]) =>
        new CodeLens(new Range(line, 0, line, 0), { title, command, arguments: argumentsOf }),
    );
  }
}

/** What a hunk removes: one short line itself, of anything else how much; empty if it removes nothing. */
function whatGoes(oldText: string): string {
  const lines = linesOf(oldText);
  if (lines.length === 0) return '';
  const [first] = lines.map((line) => line.trim());
  if (lines.length === 1 && first && first.length <= longest) return `− ${first}`;
  return lines.length === 1 ? '− 1 long line: show' : `− ${lines.length} lines: show`;
}
