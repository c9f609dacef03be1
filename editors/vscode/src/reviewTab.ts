/**
 * The open hunks of a document in a diff editor over the document itself.
 *
 * Its right side is the document, to be typed in as ever; its left side is the same text with the open hunks taken back,
 * and follows each decision, so that a hunk that was decided on no longer differs.
 */

import { EventEmitter, Range, TabInputTextDiff, Uri, commands, window, workspace, type Disposable, type Tab } from 'vscode';

import { openDocument } from './documents';
import { linesOf } from './hunks';
import type { OpenHunks } from './openHunks';

export const beforeScheme = 'editsvc-before';
const mostColumns = 80;

export class ReviewTab implements Disposable {
  private readonly changed = new EventEmitter<Uri>();
  private readonly listeners: readonly Disposable[];

  constructor(private readonly hunks: OpenHunks) {
    this.listeners = [
      workspace.registerTextDocumentContentProvider(beforeScheme, {
        onDidChange: this.changed.event,
        provideTextDocumentContent: (uri) => this.before(uri),
      }),
      hunks.onDidChange((uri) => void this.update(Uri.parse(uri))),
    ];
  }

  /** Show what is open in a document, from `line` on. */
  async open(file: Uri, line: number): Promise<void> {
    const name = file.path.split('/').at(-1) ?? '';
    // Not as a preview, which would take the place of the document's own tab if that is one.
    await commands.executeCommand('vscode.diff', before(file), file, `${name}: review`, {
      preview: false,
      selection: new Range(line, 0, line, 0),
    });
    const long = this.hunks.of(file).some(({ hunk }) => [hunk.oldText, hunk.newText].some(isWide));
    // For this tab only, and only where the user's settings do not wrap.
    if (long && !wraps(file)) await commands.executeCommand('editor.action.toggleWordWrap');
  }

  /** Whether the active tab shows what is open in a document. */
  private isActive(file: Uri): boolean {
    return this.tabs(file).some((tab) => tab.isActive && tab.group.isActive);
  }

  dispose(): void {
    for (const one of [...this.listeners, this.changed]) one.dispose();
  }

  private before(uri: Uri): string {
    const file = documentOf(uri).toString();
    const document = openDocument(file);
    return (document && this.hunks.textBefore(document)) ?? document?.getText() ?? '';
  }

  private async update(file: Uri): Promise<void> {
    if (this.hunks.of(file).length > 0) {
      this.changed.fire(before(file));
      return;
    }
    const tabs = this.tabs(file);
    if (tabs.length === 0) return;
    const active = this.isActive(file);
    const at = window.activeTextEditor?.selection;
    await window.tabGroups.close(tabs);
    // Whoever reviewed to the end goes on in the document, where they were.
    if (active) await window.showTextDocument(file, { preview: false, ...(at && { selection: at }) });
  }

  private tabs(file: Uri): Tab[] {
    const left = before(file).toString();
    return window.tabGroups.all
      .flatMap((group) => group.tabs)
      .filter(({ input }) => input instanceof TabInputTextDiff && input.original.toString() === left);
  }
}

/** The document that a text of before belongs to; any other address is its own. */
export function documentOf(uri: Uri): Uri {
  return uri.scheme === beforeScheme ? uri.with({ scheme: uri.query, query: '' }) : uri;
}

/** Whether lines are longer than half a window is wide. */
function isWide(text: string): boolean {
  return linesOf(text).some((line) => line.length > mostColumns);
}

function wraps(file: Uri): boolean {
  const inDiffs = workspace.getConfiguration('diffEditor', file).get<string>('wordWrap', 'inherit');
  const found = inDiffs === 'inherit' ? workspace.getConfiguration('editor', file).get<string>('wordWrap') : inDiffs;
  return found !== 'off';
}

function before(file: Uri): Uri {
  return file.with({ scheme: beforeScheme, query: file.scheme });
}
