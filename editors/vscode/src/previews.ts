/** Edits and texts that are in no document, shown in a diff editor. */

import {
  EventEmitter,
  TabInputTextDiff,
  Uri,
  commands,
  window,
  workspace,
  type Disposable,
  type TextDocumentContentProvider,
} from 'vscode';
import { ExecuteCommandRequest } from 'vscode-languageclient/node';

import { compose } from './hunks';
import type { DecisionAnswer, EditAnswer, EditArgument, Hunk, StreamParams } from './protocol';
import type { Server } from './server';

export const previewScheme = 'editsvc-preview';

interface Preview {
  readonly before: Uri;
  readonly after: Uri;
  text: string;
  hunks: readonly Pick<Hunk, 'id' | 'range' | 'newText'>[];
  editId?: string;
}

export class Previews implements TextDocumentContentProvider, Disposable {
  private readonly texts = new Map<string, string>();
  private readonly previews = new Map<string, Preview>();
  private readonly changed = new EventEmitter<Uri>();
  private readonly listeners: readonly Disposable[];
  readonly onDidChange = this.changed.event;

  constructor(private readonly server: Server) {
    this.listeners = [
      workspace.registerTextDocumentContentProvider(previewScheme, this),
      workspace.onDidCloseTextDocument(({ uri }) => this.forget(uri.toString())),
      server.onEnd(() => this.previews.clear()),
    ];
  }

  provideTextDocumentContent(uri: Uri): string {
    return this.texts.get(uri.toString()) ?? '';
  }

  /** Show what has become certain of an edit of `before`; the first message opens the diff editor. */
  stream(token: string, before: string, argument: EditArgument, params: StreamParams): void {
    const preview = this.previews.get(token) ?? this.open(token, before, argument);
    preview.hunks = params.seq === 0 ? params.hunks : [...preview.hunks, ...params.hunks];
    this.compose(preview);
  }

  /** Show an edit as it was proposed, to be decided on; an edit that came to nothing is no longer shown. */
  async propose(token: string, before: string, argument: EditArgument, answer: EditAnswer): Promise<void> {
    if (!answer.hunks.some(isProposed)) {
      await this.close(token);
      return;
    }
    const preview = this.previews.get(token) ?? this.open(token, before, argument);
    preview.text = before;
    preview.editId = answer.editId;
    preview.hunks = answer.hunks;
    this.texts.set(preview.before.toString(), before);
    this.changed.fire(preview.before);
    this.compose(preview);
  }

  /** Put the edit that the active diff editor shows into its document, or drop it. */
  async decide(command: string): Promise<void> {
    const input = window.tabGroups.activeTabGroup.activeTab?.input;
    const shown = input instanceof TabInputTextDiff ? input.modified.toString() : '';
    const found = [...this.previews].find(([, preview]) => preview.after.toString() === shown);
    const editId = found?.[1].editId;
    if (found === undefined || editId === undefined) return;
    const client = await this.server.ready();
    const decision: DecisionAnswer = await client.sendRequest(ExecuteCommandRequest.type, {
      command,
      arguments: [{ editId }],
    });
    if (decision.status !== 'changed') void window.showWarningMessage(`editsvc: ${decision.message}`);
    if (!decision.hunks.some(isProposed)) await this.close(found[0]);
  }

  /** Show a diff of a document as a text that belongs to no file. */
  async showDiff(diff: string, document: string): Promise<void> {
    const uri = Uri.from({ scheme: previewScheme, path: `${Uri.parse(document).path}.diff`, query: 'refused' });
    this.texts.set(uri.toString(), diff);
    this.changed.fire(uri);
    await window.showTextDocument(await workspace.openTextDocument(uri), { preview: true });
  }

  dispose(): void {
    for (const one of [...this.listeners, this.changed]) one.dispose();
  }

  private open(token: string, before: string, argument: EditArgument): Preview {
    const { path } = Uri.parse(argument.uri);
    // The path gives the language, the query makes it one of its kind.
    const uri = (side: string) => Uri.from({ scheme: previewScheme, path, query: `${side}=${token}` });
    const preview: Preview = { before: uri('before'), after: uri('after'), text: before, hunks: [] };
    this.previews.set(token, preview);
    this.texts.set(preview.before.toString(), before);
    this.texts.set(preview.after.toString(), before);
    const title = `${path.split('/').at(-1) ?? ''}: ${argument.instruction}`;
    void commands.executeCommand('vscode.diff', preview.before, preview.after, title, { preview: false });
    return preview;
  }

  private compose(preview: Preview): void {
    this.texts.set(preview.after.toString(), compose(preview.text, preview.hunks));
    this.changed.fire(preview.after);
  }

  private forget(uri: string): void {
    this.texts.delete(uri);
    for (const [token, { after }] of this.previews) if (after.toString() === uri) this.previews.delete(token);
  }

  private async close(token: string): Promise<void> {
    const preview = this.previews.get(token);
    this.previews.delete(token);
    if (preview === undefined) return;
    const tabs = window.tabGroups.all
      .flatMap((group) => group.tabs)
      .filter(
        ({ input }) =>
          input instanceof TabInputTextDiff && input.modified.toString() === preview.after.toString(),
      );
    await window.tabGroups.close(tabs);
  }
}

function isProposed({ state }: Hunk): boolean {
  return state === 'proposed';
}
