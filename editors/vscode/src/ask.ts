/** Ask for an instruction, and for what may be rewritten, which is shown meanwhile. */

import {
  OverviewRulerLane,
  QuickInputButtons,
  Range,
  ThemeColor,
  ThemeIcon,
  commands,
  window,
  type Disposable,
  type InputBox,
  type QuickInputButton,
  type QuickPickItem,
  type TextEditor,
} from 'vscode';
import {
  CodeActionRequest,
  Command,
  ExecuteCommandRequest,
  type CodeAction,
  type LanguageClient,
} from 'vscode-languageclient/node';

import { Asking, type Box, type Choice, type Inputs, type List, type ListKind, type Offer, type Row } from './asking';
import type { History } from './history';
import type { Keys } from './keys';
import {
  actionKind,
  serverCommand,
  type ApplyMode,
  type EditArgument,
  type ScopesAnswer,
  type ScopesArgument,
} from './protocol';
import type { Questions } from './questions';
import { next, unasked, withServers, type Place, type Scope } from './scopes';

/** The server's argument for an instruction about `scope`. */
export function argumentFor(editor: TextEditor, instruction: string, scope: Scope, mode: ApplyMode): EditArgument {
  const base = { uri: editor.document.uri.toString(), instruction, mode };
  const { start, end, active } = editor.selection;
  if (scope === 'file') return { ...base, scope };
  // A cursor means the definition around it; the server finds it.
  return { ...base, range: scope === 'selection' ? { start, end } : { start: active, end: active } };
}

/** What is rewritten if nobody says what. */
export function scopeOf(editor: TextEditor): Scope {
  return editor.selection.isEmpty ? 'symbol' : 'selection';
}

const another: QuickInputButton = { iconPath: new ThemeIcon('list-selection'), tooltip: '' };
const forget: QuickInputButton = { iconPath: new ThemeIcon('close'), tooltip: 'Remove from the history' };

/** The input that is open, if one is. */
export class Ask implements Disposable {
  private open: Question | undefined;
  /** What was typed into an input that was left. */
  private left = '';
  private readonly marked = window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new ThemeColor('editor.rangeHighlightBackground'),
    borderColor: new ThemeColor('editorInfo.foreground'),
    borderStyle: 'solid',
    borderWidth: '0 0 0 3px',
    overviewRulerColor: new ThemeColor('editorInfo.foreground'),
    overviewRulerLane: OverviewRulerLane.Left,
  });

  constructor(
    private readonly history: History,
    private readonly server: () => Promise<LanguageClient>,
    private readonly keys: Keys,
    private readonly questions: Questions,
  ) {}

  /** Ask, with `text` there to be changed; undefined if the user changes their mind. */
  async argument(editor: TextEditor, mode: ApplyMode, text = ''): Promise<EditArgument | undefined> {
    const question = new Question(editor, this.keys, this.marked);
    this.open = question;
    // The input must not wait for the server to start, nor for the user's keys to be read.
    const offers = offersAt(this.server, editor, mode);
    void this.keys.load().then(() => question.describe());
    void placesAt(this.server, editor).then((answer) => question.found(answer));
    try {
      question.ask(
        {
          history: () => [...(this.left ? [this.left] : []), ...this.history.all.filter((one) => one !== this.left)],
          offers,
          forget: (one) => {
            if (one === this.left) this.left = '';
            void this.history.remove(one);
          },
        },
        text,
      );
      const choice = await this.questions.during(question.asking!.decided);
      this.left = choice ? '' : question.asking!.text.trim();
      return choice && this.chosen(choice, editor, question.scope, mode);
    } finally {
      question.dispose();
      if (this.open === question) this.open = undefined;
    }
  }

  nextScope(): void {
    this.open?.nextScope();
  }

  earlier(): void {
    this.open?.asking?.earlier();
  }

  later(): void {
    this.open?.asking?.later();
  }

  choose(kind: ListKind): void {
    this.open?.asking?.choose(kind);
  }

  dispose(): void {
    this.marked.dispose();
  }

  private chosen({ instruction, offer }: Choice, editor: TextEditor, scope: Scope, mode: ApplyMode): EditArgument {
    if (offer === undefined) void this.history.add(instruction);
    // An instruction in a comment is about what its comment is about.
    return offer?.argument.comment ? offer.argument : argumentFor(editor, instruction, scope, mode);
  }
}

/** One question as it is shown. */
class Question implements Inputs, Disposable {
  asking: Asking | undefined;
  private places: readonly Place[];
  private place: Place;
  private current: InputBox | undefined;
  private isOver = false;

  constructor(
    private readonly editor: TextEditor,
    private readonly keys: Keys,
    private readonly marked: ReturnType<typeof window.createTextEditorDecorationType>,
  ) {
    const { start, end, active } = editor.selection;
    const { lineCount } = editor.document;
    this.places = unasked({ start, end, cursor: active.line, lineCount });
    this.place = this.places[0]!;
    this.mark();
  }

  get scope(): Scope {
    return this.place.scope;
  }

  ask(sources: ConstructorParameters<typeof Asking>[1], text: string): void {
    this.asking = new Asking(this, sources, text);
  }

  /** The server has said what there is. */
  found(answer: ScopesAnswer | undefined): void {
    if (answer === undefined || this.isOver) return;
    [this.places, this.place] = withServers(answer.scopes, this.place);
    this.describe();
    this.mark();
  }

  nextScope(): void {
    this.place = next(this.places, this.place);
    this.describe();
    this.mark();
  }

  /** Say in the input what will be rewritten, and the keys that help. */
  describe(): void {
    if (this.current === undefined) return;
    const { title, buttons, prompt } = this.words();
    this.current.title = title;
    this.current.prompt = prompt;
    this.current.buttons = buttons.map(({ button }) => button);
  }

  box(value: string): Box {
    const box = window.createInputBox();
    this.current = box;
    box.value = value;
    box.valueSelection = [value.length, value.length];
    box.placeholder = 'What to change?';
    this.describe();
    box.onDidTriggerButton((pressed) => {
      // After `describe` the buttons are others, with the same icons.
      const icon = (pressed.iconPath as ThemeIcon).id;
      this.words().buttons.find(({ button }) => (button.iconPath as ThemeIcon).id === icon)?.act();
    });
    void commands.executeCommand('setContext', 'editsvc.asking', 'text');
    return box;
  }

  list(kind: ListKind, rows: readonly Row[] | Promise<readonly Row[]>): List {
    const list = window.createQuickPick<QuickPickItem & { row: Row }>();
    const chosen: ((row: Row) => void)[] = [];
    const forgotten: ((row: Row) => void)[] = [];
    const back: (() => void)[] = [];
    list.title = kind === 'history' ? 'Earlier instructions' : 'Presets';
    list.placeholder = 'Enter puts it into the input, where it can be changed';
    list.matchOnDetail = true;
    list.buttons = [QuickInputButtons.Back];
    list.busy = true;
    const fill = (found: readonly Row[]) => {
      list.busy = false;
      if (found.length === 0) list.placeholder = kind === 'history' ? 'There are none yet' : 'There are none here';
      else list.items = found.map((row) => item(row, kind));
    };
    if (rows instanceof Promise) void rows.then(fill);
    else fill(rows);
    list.onDidAccept(() => {
      const [selected] = list.selectedItems;
      if (selected) for (const listener of chosen) listener(selected.row);
    });
    list.onDidTriggerItemButton(({ item: { row } }) => forgotten.forEach((listener) => listener(row)));
    list.onDidTriggerButton(() => back.forEach((listener) => listener()));
    void commands.executeCommand('setContext', 'editsvc.asking', 'list');
    return {
      onDidChoose: (listener) => chosen.push(listener),
      onDidForget: (listener) => forgotten.push(listener),
      onDidGoBack: (listener) => back.push(listener),
      onDidHide: (listener) => list.onDidHide(listener),
      show: () => list.show(),
      dispose: () => list.dispose(),
    };
  }

  dispose(): void {
    this.current = undefined;
    this.isOver = true;
    this.editor.setDecorations(this.marked, []);
    void commands.executeCommand('setContext', 'editsvc.asking', false);
  }

  private words() {
    const key = (command: string) => this.keys.of(`editsvc.${command}`);
    const named = (words: string, command: string) => (key(command) ? `${words} (${key(command)})` : words);
    const other = next(this.places, this.place);
    const others = other === this.place ? '' : ` · ${key('nextScope') || 'button'}: ${other.title}`;
    const hints = [
      [key('earlierInstruction').replace(/^Up$/, '↑'), 'history'],
      [key('showPresets'), 'presets'],
    ].flatMap(([pressed, what]) => (pressed ? [`${pressed}: ${what}`] : []));
    return {
      title: `Rewrite ${this.place.title}${others}`,
      prompt: hints.join(' · ') || 'Enter carries it out',
      buttons: [
        {
          button: { ...another, tooltip: named(`Rewrite ${other.title}`, 'nextScope') },
          act: () => this.nextScope(),
        },
        {
          button: { iconPath: new ThemeIcon('history'), tooltip: named('Earlier instructions', 'showHistory') },
          act: () => this.asking?.choose('history'),
        },
        {
          button: { iconPath: new ThemeIcon('sparkle'), tooltip: named('Presets', 'showPresets') },
          act: () => this.asking?.choose('presets'),
        },
      ],
    };
  }

  private mark(): void {
    const range = new Range(this.place.first, 0, this.place.last, 0);
    // Before the server has found the definition there is nothing to show but the cursor.
    this.editor.setDecorations(this.marked, this.place.isKnown ? [range] : []);
  }
}

function item(row: Row, kind: ListKind): QuickPickItem & { row: Row } {
  const { instruction, title } = row;
  return {
    row,
    label: title ?? instruction,
    ...(title !== undefined && !title.endsWith(instruction) && { detail: instruction }),
    ...(kind === 'history' && { buttons: [forget] }),
  };
}

/** What can be rewritten, by the server; undefined if it cannot say. */
async function placesAt(server: () => Promise<LanguageClient>, editor: TextEditor): Promise<ScopesAnswer | undefined> {
  try {
    const client = await server();
    const { start, end, active } = editor.selection;
    const argument: ScopesArgument = {
      uri: editor.document.uri.toString(),
      range: { start, end },
      cursor: active,
    };
    return (await client.sendRequest(ExecuteCommandRequest.type, {
      command: serverCommand.scopes,
      arguments: [argument],
    })) as ScopesAnswer;
  } catch {
    return undefined;
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
