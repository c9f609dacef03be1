/** Hunks that are in a document and not decided on: what the server last said of them. */

import { EventEmitter, workspace, type Disposable, type TextDocument, type Uri } from 'vscode';

import { openDocument } from './documents';
import { compose } from './hunks';
import type { Hunk, HunksParams } from './protocol';
import type { Server } from './server';

/** How long a message about an older text waits for a newer one, which the server sends if anything has moved. */
const settleMs = 300;

export interface OpenHunk {
  readonly editId: string;
  readonly hunk: Hunk;
}

export class OpenHunks implements Disposable {
  private readonly edits = new Map<string, HunksParams>();
  private readonly waiting = new Map<string, NodeJS.Timeout>();
  private readonly before = new Map<string, string>();
  private readonly changed = new EventEmitter<string>();
  private readonly listeners: readonly Disposable[];

  /** Hunks of the document with that address have opened, moved, or were decided on. */
  readonly onDidChange = this.changed.event;

  constructor(server: Server) {
    this.listeners = [
      server.onHunks((edit) => this.told(edit)),
      server.onEnd(() => this.clear()),
      workspace.onDidCloseTextDocument(({ uri }) => this.forget(uri.toString())),
    ];
  }

  /** The open hunks of a document from its top to its bottom. */
  of(uri: Uri): OpenHunk[] {
    return this.editsOf(uri.toString())
      .flatMap(({ editId, hunks }) => hunks.filter(isOpen).map((hunk) => ({ editId, hunk })))
      .sort((a, b) => a.hunk.range.start.line - b.hunk.range.start.line);
  }

  /** How many hunks the edits of a document brought that have open ones, those that are decided on included. */
  total(uri: Uri): number {
    return this.editsOf(uri.toString()).reduce((sum, { hunks }) => sum + hunks.length, 0);
  }

  /** The addresses of the documents that have open hunks. */
  get documents(): readonly string[] {
    return [...new Set([...this.edits.values()].map(({ uri }) => uri))];
  }

  /**
   * The text of a document with everything taken back that is open; undefined if nothing is.
   *
   * While somebody types, and the server has not said yet where the hunks are by now, it is the text of before that.
   */
  textBefore(document: TextDocument): string | undefined {
    const uri = document.uri.toString();
    const edits = this.editsOf(uri);
    if (edits.length === 0) return undefined;
    const known = this.before.get(uri);
    if (known !== undefined && edits.some(({ version }) => version !== document.version)) return known;
    const changes = this.of(document.uri).map(({ hunk }) => ({ range: hunk.range, newText: hunk.oldText }));
    const text = compose(document.getText(), changes);
    this.before.set(uri, text);
    return text;
  }

  dispose(): void {
    for (const timer of this.waiting.values()) clearTimeout(timer);
    for (const one of [...this.listeners, this.changed]) one.dispose();
  }

  private editsOf(uri: string): HunksParams[] {
    return [...this.edits.values()].filter((edit) => edit.uri === uri);
  }

  private told(edit: HunksParams): void {
    const document = openDocument(edit.uri);
    if (document === undefined) return;
    clearTimeout(this.waiting.get(edit.editId));
    this.waiting.delete(edit.editId);
    if (edit.version >= document.version) {
      this.update(edit);
      return;
    }
    // The editor has carried its marks along with what was typed, so nothing is wrong on the screen meanwhile.
    this.waiting.set(
      edit.editId,
      setTimeout(() => this.update(edit), settleMs),
    );
  }

  private update(edit: HunksParams): void {
    if (edit.hunks.some(isOpen)) this.edits.set(edit.editId, edit);
    else this.edits.delete(edit.editId);
    if (this.editsOf(edit.uri).length === 0) this.before.delete(edit.uri);
    this.changed.fire(edit.uri);
  }

  private forget(uri: string): void {
    for (const { editId } of this.editsOf(uri)) this.edits.delete(editId);
    this.before.delete(uri);
    this.changed.fire(uri);
  }

  private clear(): void {
    const { documents } = this;
    this.edits.clear();
    this.before.clear();
    for (const uri of documents) this.changed.fire(uri);
  }
}

function isOpen({ state }: Hunk): boolean {
  return state === 'open' || state === 'edited';
}
