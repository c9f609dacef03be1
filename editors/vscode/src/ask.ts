/** Ask for an instruction: typed, from the history, or a preset; and for what may be rewritten. */

import {
  ThemeIcon,
  commands,
  window,
  type QuickInputButton,
  type QuickPick,
  type QuickPickItem,
  type TextEditor,
} from 'vscode';
import { CodeActionRequest, Command, type CodeAction, type LanguageClient } from 'vscode-languageclient/node';

import { Rows, ask, type Choice, type Offer, type Row as PlainRow } from './asking';
import type { History } from './history';
import { actionKind, type ApplyMode, type EditArgument } from './protocol';

export type Scope = 'selection' | 'symbol' | 'file';

type Row = PlainRow<QuickInputButton> & QuickPickItem;

const forget: QuickInputButton = { iconPath: new ThemeIcon('close'), tooltip: 'Remove from the history' };
const widen: QuickInputButton = {
  iconPath: new ThemeIcon('list-selection'),
  tooltip: 'Rewrite something else: the selection, the definition at the cursor, the file',
};

/** What can be rewritten from where the cursor is, the most likely first. */
export function scopesOf(editor: TextEditor): readonly Scope[] {
  return editor.selection.isEmpty ? ['symbol', 'file'] : ['selection', 'symbol', 'file'];
}

/** The server's argument for an instruction about `scope`. */
export function argumentFor(editor: TextEditor, instruction: string, scope: Scope, mode: ApplyMode): EditArgument {
  const base = { uri: editor.document.uri.toString(), instruction, mode };
  const { start, end, active } = editor.selection;
  if (scope === 'file') return { ...base, scope };
  // A cursor means the definition around it; the server finds it.
  return { ...base, range: scope === 'selection' ? { start, end } : { start: active, end: active } };
}

/** The input that is open, if one is. */
export class Ask {
  private open: { readonly pick: QuickPick<Row>; readonly nextScope: () => void } | undefined;

  constructor(
    private readonly history: History,
    private readonly server: () => Promise<LanguageClient>,
  ) {}

  /** Ask; undefined if the user changes their mind. */
  async argument(editor: TextEditor, mode: ApplyMode): Promise<EditArgument | undefined> {
    const scopes = scopesOf(editor);
    const pick = window.createQuickPick<Row>();
    let scope = scopes[0]!;
    const describeScope = () => {
      pick.title = `editsvc: ${describe(editor, scope)}`;
    };
    const nextScope = () => {
      scope = scopes[(scopes.indexOf(scope) + 1) % scopes.length]!;
      describeScope();
    };
    describeScope();
    pick.placeholder = 'What to change? Type it, or choose with the arrow keys';
    pick.matchOnDescription = true;
    pick.buttons = [widen];
    pick.onDidTriggerButton(nextScope);
    this.open = { pick, nextScope };
    void commands.executeCommand('setContext', 'editsvc.asking', true);
    try {
      const rows = new Rows<QuickInputButton>(this.history.all, forget);
      // The input must not wait for the server to start.
      const offers = offersAt(this.server, editor, mode);
      const choice = await ask<QuickInputButton>(pick, rows, offers, (one) => void this.history.remove(one));
      return choice && this.chosen(choice, editor, scope, mode);
    } finally {
      // Another input may have taken this one's place.
      if (this.open.pick === pick) {
        this.open = undefined;
        void commands.executeCommand('setContext', 'editsvc.asking', false);
      }
      pick.dispose();
    }
  }

  /** Choose the next scope, while the input is open. */
  nextScope(): void {
    this.open?.nextScope();
  }

  private chosen({ instruction, offer }: Choice, editor: TextEditor, scope: Scope, mode: ApplyMode): EditArgument {
    if (offer === undefined) void this.history.add(instruction);
    // An instruction in a comment is about what its comment is about.
    return offer?.argument.comment ? offer.argument : argumentFor(editor, instruction, scope, mode);
  }
}

/** The presets, and the instructions in comments, that the server offers at the selection; none if it can't say. */
async function offersAt(
  server: () => Promise<LanguageClient>,
  editor: TextEditor,
  mode: ApplyMode,
): Promise<readonly Offer[]> {
  try {
    const client = await server();
    const { start, end } = editor.selection;
    const actions = await client.sendRequest(CodeActionRequest.type, {
      textDocument: { uri: editor.document.uri.toString() },
      range: { start, end },
      context: { diagnostics: [], only: [actionKind.rewrite] },
    });
    return (actions ?? []).flatMap((action) => offerOf(action, mode));
  } catch {
    // What keeps the server from starting is told when an instruction is given.
    return [];
  }
}

function offerOf(action: CodeAction | Command, mode: ApplyMode): Offer[] {
  const command = Command.is(action) ? action : action.command;
  const given = command?.arguments?.[0] as EditArgument | undefined;
  if (given === undefined) return [];
  const { uri, instruction, range, comment } = given;
  const argument = { uri, instruction, mode, ...(range && { range }), ...(comment && { comment }) };
  return [{ title: action.title, argument }];
}

function describe(editor: TextEditor, scope: Scope): string {
  const { start, end, active } = editor.selection;
  if (scope === 'file') return 'rewrite the whole file';
  if (scope === 'symbol') return `rewrite the definition around line ${active.line + 1}`;
  const last = end.character === 0 && end.line > start.line ? end.line : end.line + 1;
  return last > start.line + 1 ? `rewrite lines ${start.line + 1}–${last}` : `rewrite line ${last}`;
}
