/** Ask for an instruction: typed, from the history, or a preset; and for what may be rewritten. */

import {
  QuickPickItemKind,
  ThemeIcon,
  commands,
  window,
  type QuickInputButton,
  type QuickPick,
  type QuickPickItem,
  type TextEditor,
} from 'vscode';
import { CodeActionRequest, Command, type CodeAction, type LanguageClient } from 'vscode-languageclient/node';

import type { History } from './history';
import { rewriteKind, type EditArgument, type Mode } from './protocol';

export type Scope = 'selection' | 'symbol' | 'file';

interface Choice extends QuickPickItem {
  readonly argument: EditArgument;
  readonly remembered: boolean;
}

type Row = Choice | (QuickPickItem & { readonly kind: QuickPickItemKind.Separator });

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
export function argumentFor(editor: TextEditor, instruction: string, scope: Scope, mode: Mode): EditArgument {
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
  async argument(editor: TextEditor, mode: Mode): Promise<EditArgument | undefined> {
    const scopes = scopesOf(editor);
    const pick = window.createQuickPick<Row>();
    let scope = scopes[0]!;
    let presets: readonly Choice[] = [];
    const show = () => {
      pick.title = `editsvc: ${describe(editor, scope)}`;
      pick.items = this.rows(editor, pick.value, scope, mode, presets);
    };
    const nextScope = () => {
      scope = scopes[(scopes.indexOf(scope) + 1) % scopes.length]!;
      show();
    };
    pick.placeholder = 'What is to change?';
    pick.buttons = [widen];
    this.open = { pick, nextScope };
    void commands.executeCommand('setContext', 'editsvc.asking', true);
    show();
    // The input must not wait for the server to start.
    void presetsAt(this.server, editor, mode).then((found) => {
      presets = found;
      if (this.open?.pick === pick) show();
    });
    try {
      return await new Promise<EditArgument | undefined>((resolve) => {
        pick.onDidChangeValue(show);
        pick.onDidTriggerButton(nextScope);
        pick.onDidTriggerItemButton(async ({ item }) => {
          await this.history.remove(item.label);
          show();
        });
        pick.onDidAccept(() => {
          const [row] = pick.selectedItems;
          resolve(row !== undefined && 'argument' in row ? this.chosen(row, editor, scope, mode) : undefined);
        });
        pick.onDidHide(() => resolve(undefined));
        pick.show();
      });
    } finally {
      this.open = undefined;
      void commands.executeCommand('setContext', 'editsvc.asking', false);
      pick.dispose();
    }
  }

  /** Choose the next scope, while the input is open. */
  nextScope(): void {
    this.open?.nextScope();
  }

  private chosen(row: Choice, editor: TextEditor, scope: Scope, mode: Mode): EditArgument {
    if (row.remembered) void this.history.add(row.argument.instruction);
    // An instruction in a comment is about what its comment is about.
    return row.argument.comment ? row.argument : argumentFor(editor, row.argument.instruction, scope, mode);
  }

  private rows(
    editor: TextEditor,
    typed: string,
    scope: Scope,
    mode: Mode,
    presets: readonly Choice[],
  ): Row[] {
    const choice = (instruction: string): Choice => ({
      label: instruction,
      argument: argumentFor(editor, instruction, scope, mode),
      remembered: true,
    });
    const instruction = typed.trim();
    const recent = this.history.all.filter((one) => one !== instruction);
    const rows: Row[] = [];
    if (instruction) rows.push({ ...choice(instruction), description: 'as typed', alwaysShow: true });
    if (recent.length) rows.push({ label: 'recent', kind: QuickPickItemKind.Separator });
    rows.push(...recent.map((one) => ({ ...choice(one), buttons: [forget] })));
    if (presets.length) rows.push({ label: 'presets', kind: QuickPickItemKind.Separator });
    rows.push(...presets);
    return rows;
  }
}

/** The presets, and the instructions in comments, that the server offers at the selection; none if it can't say. */
async function presetsAt(
  server: () => Promise<LanguageClient>,
  editor: TextEditor,
  mode: Mode,
): Promise<readonly Choice[]> {
  try {
    const client = await server();
    const { start, end } = editor.selection;
    const actions = await client.sendRequest(CodeActionRequest.type, {
      textDocument: { uri: editor.document.uri.toString() },
      range: { start, end },
      context: { diagnostics: [], only: [rewriteKind] },
    });
    return (actions ?? []).flatMap((action) => choiceOf(action, mode));
  } catch {
    // What keeps the server from starting is told when an instruction is given.
    return [];
  }
}

function choiceOf(action: CodeAction | Command, mode: Mode): Choice[] {
  const command = Command.is(action) ? action : action.command;
  const argument = command?.arguments?.[0] as EditArgument | undefined;
  if (argument === undefined) return [];
  const { uri, instruction, range, comment } = argument;
  return [
    {
      label: action.title,
      detail: action.title.endsWith(instruction) ? '' : instruction,
      argument: { uri, instruction, mode, ...(range && { range }), ...(comment && { comment }) },
      remembered: false,
    },
  ];
}

function describe(editor: TextEditor, scope: Scope): string {
  const { start, end, active } = editor.selection;
  if (scope === 'file') return 'rewrite the whole file';
  if (scope === 'symbol') return `rewrite the definition around line ${active.line + 1}`;
  const last = end.character === 0 && end.line > start.line ? end.line : end.line + 1;
  return last > start.line + 1 ? `rewrite lines ${start.line + 1}–${last}` : `rewrite line ${last}`;
}
