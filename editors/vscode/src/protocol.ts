/** Generated from lsp/contract.py; change it there, then run: python docs/reference.py */

import { NotificationType, type Position, type Range } from 'vscode-languageclient/node';

/** How an edit that passed its checks is applied. */
export type ApplyMode =
  | 'review'
  | 'apply'
  | 'preview';

/** The user's setting for predictions. */
export type PredictionMode =
  | 'auto'
  | 'on'
  | 'off';

/** The state of a hunk. */
export type HunkStatus =
  | 'open'
  | 'applied'
  | 'proposed'
  | 'edited'
  | 'accepted'
  | 'rejected'
  | 'gone'
  | 'survived'
  | 'conflict'
  | 'lost';

/** Whether a change was asked for; the values are what is logged. */
export type Mark =
  | 'explained'
  | 'harmless'
  | 'unexplained'
  | 'unknown';

/** How a command ended. */
export type AnswerStatus =
  | 'running'
  | 'changed'
  | 'unchanged'
  | 'refused'
  | 'conflict'
  | 'failed'
  | 'cancelled';

/** The names of what can be rewritten from a place. */
export type ScopeName =
  | 'selection'
  | 'symbol'
  | 'parts'
  | 'file';

/** What a client can offer as a button after an edit that was not made. */
export type RemedyKind =
  | 'set-key'
  | 'retry'
  | 'restart'
  | 'anyway'
  | 'show-reply'
  | 'whole-file'
  | 'change-instruction'
  | 'open-setting'
  | 'offline-help'
  | 'show-log';

/** The kind of a scope; AUTO occurs only in requests. */
export type ScopeKind =
  | 'auto'
  | 'file'
  | 'lines'
  | 'symbol'
  | 'sections';

/** Why a scope was chosen. */
export type ScopeReason =
  | 'asked'
  | 'cursor'
  | 'small'
  | 'unknown-place'
  | 'located'
  | 'widened';

/** The source of a prediction. */
export type PredictionKind =
  | 'file'
  | 'scope'
  | 'draft';

/** The reason for sending a prediction or not. */
export type Reason =
  | 'asked'
  | 'predictable'
  | 'pays'
  | 'explored'
  | 'held-out'
  | 'does-not-pay'
  | 'structured'
  | 'declined'
  | 'too-small'
  | 'model-cannot'
  | 'model-unknown'
  | 'server-refused'
  | 'server-ignores'
  | 'too-many-rejected'
  | 'no-text';

/**
 * Why a request was sent: the first of its edit, again, elsewhere, for the rest of a reply, or to be faster.
 */
export type AttemptReason =
  | 'first'
  | 'retry'
  | 'fallback'
  | 'resume'
  | 'hedge';

/** The kinds of findings, each the name of a check, in the order in which a document meets them. */
export type Check =
  | 'frame'
  | 'empty'
  | 'prose'
  | 'wrapping'
  | 'place'
  | 'doubling'
  | 'retouched'
  | 'entities'
  | 'whitespace'
  | 'elision'
  | 'indentation'
  | 'tail'
  | 'shrink'
  | 'loss'
  | 'comments'
  | 'order'
  | 'other-text'
  | 'undone'
  | 'unasked'
  | 'syntax'
  | 'scope'
  | 'invisible'
  | 'secrets'
  | 'lost-secret'
  | 'identity';

/** What was done about a finding. */
export type Action =
  | 'restored'
  | 'asked-again'
  | 'refused'
  | 'warned';

/** How the reply is asked for: as the new text, or as JSON with texts to search and what replaces them. */
export type EditFormat =
  | 'rewrite'
  | 'search-replace';

/** Why the model was asked again for the same edit. */
export type Restart =
  | 'located'
  | 'more-sections'
  | 'next-part'
  | 'context'
  | 'too-long'
  | 'whole-file'
  | 'misfit'
  | 'syntax'
  | 'findings'
  | 'search'
  | 'prediction-unsupported'
  | 'too-many-rejected';

/** How much of a text was parsed to check an edit. */
export type Extent =
  | 'whole'
  | 'around-changes'
  | 'unknown';

/** The object `initializationOptions` of `initialize`; unknown or malformed values are ignored. */
export interface InitializationOptions {
  /** Send `editsvc/stream` while an edit streams. */
  readonly stream?: boolean;
  /** Send `editsvc/hunks` when open hunks change or move. */
  readonly hunks?: boolean;
  /** The settings of the section `editsvc`, until others come. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** The same, for editors that send their whole settings; `settings` comes first. */
  readonly editsvc?: Readonly<Record<string, unknown>>;
  /** Over TCP and WebSocket: the token that the server printed. */
  readonly token?: string;
}

/** The argument of `editsvc.edit`. */
export interface EditArgument {
  /** An open document; a notebook's cell is one too. */
  readonly uri: string;
  /** What is to change. */
  readonly instruction: string;
  /** What is selected. */
  readonly range?: Range;
  /** `auto`, `file`, `symbol:NAME` or `lines:A-B`; other than `auto`, it counts more than `range`. */
  readonly scope?: string;
  /**
   * `review` (if absent) leaves each hunk open, `apply` does not, `preview` changes nothing until it is
   * accepted.
   */
  readonly mode?: ApplyMode;
  /** Whether to send the text as the predicted output; if absent, as the settings say. */
  readonly prediction?: PredictionMode;
  /** The range of a comment that holds the instruction, and goes away with the edit. */
  readonly comment?: Range;
  /**
   * Set by code actions, whose result no editor shows: the command is answered at once (`running`), and the
   * server tells the user how it ended.
   */
  readonly notify?: boolean;
  /** Edit the document although its file is one that is refused otherwise. */
  readonly allowPath?: boolean;
  /** Checks that this edit need not pass, besides those that the user's settings allow. */
  readonly allow?: readonly string[];
  /** Leave out the hunks that the instruction does not explain; if absent, as the settings say. */
  readonly onlyAsked?: boolean;
  /** The `editId` of an edit that a check refused: make that one, without asking the model again. */
  readonly retry?: string;
}

/** The argument of `editsvc.acceptHunk` and `editsvc.rejectHunk`. */
export interface HunkArgument {
  /** The edit. */
  readonly editId: string;
  /** The hunk's `id`. */
  readonly hunkId: number;
  /** As for `editsvc.edit`. */
  readonly notify?: boolean;
}

/** The argument of the commands about a whole edit. */
export interface EditIdArgument {
  /** The edit; without it, the latest is meant. */
  readonly editId?: string;
  /** As for `editsvc.edit`. */
  readonly notify?: boolean;
}

/** The argument of `editsvc.scopes`. */
export interface ScopesArgument {
  /** An open document. */
  readonly uri: string;
  /** What is selected. */
  readonly range: Range;
  /** Where the cursor is; if absent, at the start of `range`. */
  readonly cursor?: Position;
}

/** The argument of `editsvc.report`. */
export interface ReportArgument {
  /** Data, or a page. */
  readonly format?: 'html' | 'json';
}

/** A hunk of an edit. */
export interface Hunk {
  /** Its number in the edit, from 0. */
  readonly id: number;
  /** Where it is now, or would go. */
  readonly range: Range;
  /** Its state. */
  readonly state: HunkStatus;
  /** What stood there before the edit. */
  readonly oldText: string;
  /** What the edit wrote, or would write. */
  readonly newText: string;
  /** Whether the instruction explains it; `unexplained`: it was not asked for. */
  readonly mark: Mark;
  /** Sentences about what checks found in its lines. */
  readonly findings: readonly string[];
}

/** A hunk of a reply that is still being written. */
export interface StreamedHunk {
  /** Its number in the stream, from 0. */
  readonly id: number;
  /** Whole lines of the document's `version`. */
  readonly range: Range;
  /** What it will write. */
  readonly newText: string;
  readonly state: 'streaming';
}

/** The answer to accepting and rejecting. */
export interface DecisionAnswer {
  /** The edit; empty if there is none. */
  readonly editId: string;
  /** How it ended. */
  readonly status: AnswerStatus;
  /** A sentence for the user; empty if there is nothing to say. */
  readonly message: string;
  /** All hunks of the edit. */
  readonly hunks: readonly Hunk[];
}

/** The answer to `editsvc.cancel`. */
export interface CancelAnswer {
  /** The edit; null if none was named and none runs. */
  readonly editId: string | null;
  /** `cancelled`, or `unchanged` if it was too late. */
  readonly status: AnswerStatus;
  /** A sentence for the user; empty if there is nothing to say. */
  readonly message: string;
  /** Always empty. */
  readonly hunks: readonly Hunk[];
}

/** The answer to `editsvc.showDiff`. */
export interface DiffAnswer {
  /** The edit. */
  readonly editId: string;
  /** `changed`, or `unchanged` if there is nothing to show. */
  readonly status: AnswerStatus;
  /** A sentence for the user; empty if there is nothing to say. */
  readonly message: string;
  /** What the editor was asked to show: the text as it is, and as it would be. */
  readonly diff: string;
}

/** Something that can be rewritten from a place. */
export interface OfferedScope {
  /** What it is, and how `editsvc.edit` is asked for it. */
  readonly name: ScopeName;
  /** The words for it, such as `function fetch, lines 12 to 40`. */
  readonly title: string;
  /** Its whole lines, to be shown. */
  readonly range: Range;
}

/** The answer to `editsvc.scopes`. */
export interface ScopesAnswer {
  /** The most likely first; at least one. */
  readonly scopes: readonly OfferedScope[];
}

/** The answer to `editsvc.report` with the format `html`. */
export interface ReportPage {
  /** The page. */
  readonly html: string;
}

/** The addition to the argument of a refused edit that, with the user's consent, lets it pass. */
export interface Anyway {
  /** The checks to waive. */
  readonly allow?: readonly string[];
  /** True if it is the file that is refused. */
  readonly allowPath?: boolean;
  /** The edit, if it can be made without asking the model again. */
  readonly retry?: string;
}

/** Something that the user can do about an edit that was not made. */
export interface OfferedRemedy {
  /** What it is. */
  readonly kind: RemedyKind;
  /** The words for a button. */
  readonly title: string;
  /** A setting of the section `editsvc`. */
  readonly setting: string | null;
}

/** The rewritten or offered scope; lines are 1-based and inclusive. */
export interface RewrittenScope {
  /** What it is made of. */
  readonly kind: ScopeKind;
  /** The first line. */
  readonly start_line: number;
  /** The last line. */
  readonly end_line: number;
  /** Why it was chosen. */
  readonly reason: ScopeReason;
  /** How many parts the model could rewrite. */
  readonly parts_offered: number | null;
  /** How many it did rewrite. */
  readonly parts_rewritten: number | null;
}

/** Whether a predicted output was sent. */
export interface PredictionUse {
  /** Whether it was. */
  readonly sent: boolean;
  /** What it was made from. */
  readonly kind: PredictionKind | null;
  /** Why it was sent, or not. */
  readonly reason: Reason | null;
}

/** The server's token counts. */
export interface TokenUsage {
  /** Of the request. */
  readonly prompt_tokens: number | null;
  /** Of these, read from the prompt cache. */
  readonly cached_tokens: number | null;
  /** Of the reply. */
  readonly completion_tokens: number | null;
  /** Of these, spent on reasoning. */
  readonly reasoning_tokens: number | null;
  /** Predicted, and in the reply. */
  readonly accepted_prediction_tokens: number | null;
  /** Predicted, not in the reply, and billed. */
  readonly rejected_prediction_tokens: number | null;
}

/** Seconds by this machine's clock. */
export interface EditTiming {
  /** Until the first piece of the reply. */
  readonly ttft_s: number | null;
  /** Until the end of the reply. */
  readonly total_s: number | null;
  /** Tokens received per second, waiting included. */
  readonly tokens_per_s: number | null;
}

/** One HTTP request of an edit. */
export interface EditAttempt {
  /** The server that it went to. */
  readonly provider: string;
  /** The model that was asked. */
  readonly model: string;
  /** Why it was sent. */
  readonly why: AttemptReason;
  /** Whether a prediction went along. */
  readonly predicted: boolean;
  /** The finish reason, the kind of an error, or `cancelled`. */
  readonly outcome: string;
  /** Characters of the reply. */
  readonly received: number;
  /** Seconds that it was held back. */
  readonly waited_s: number;
  /** Seconds that it then took. */
  readonly total_s: number;
  /** What the server says it proposed to itself, to be faster. */
  readonly drafted_tokens: number | null;
  /** Of these, those that stood. */
  readonly accepted_draft_tokens: number | null;
}

/** The figures of an edit in words, the same that every front end shows. */
export interface ShownFigures {
  /** Of the reply. */
  readonly tokens: string | null;
  /** The share of the prediction that was accepted. */
  readonly acceptance: string | null;
  /** The time that it took. */
  readonly total: string | null;
  /** In dollars. */
  readonly cost: string | null;
  /** That `editsvc tune` would decide otherwise by now; null if it would not. */
  readonly policy: string | null;
}

/** Something that a check of the reply found, and what was done about it; lines are 1-based and inclusive. */
export interface EditFinding {
  /** The check. */
  readonly kind: Check;
  /** A sentence for the user. */
  readonly message: string;
  /** First and last line of the old text that it concerns. */
  readonly before: readonly number[] | null;
  /** First and last line of the new text that it concerns. */
  readonly after: readonly number[] | null;
  /** `restored`, `asked-again`, `refused` or `warned`: what was done about it. */
  readonly action: Action;
}

/** The metadata of an edit's requests, under the same names as in `editsvc rewrite --json`. */
export interface ResultFields {
  /** What was rewritten. */
  readonly scope: RewrittenScope | null;
  /** The form in which the reply was asked for. */
  readonly edit_format: EditFormat | null;
  /** Why the model was asked again, in order. */
  readonly restarts: readonly Restart[];
  /** What the checks found in the replies, in order. */
  readonly findings: readonly EditFinding[];
  /** Whether the instruction explains each hunk, in order; empty if that was not asked. */
  readonly marks: readonly Mark[];
  /** How much of the new text was parsed. */
  readonly syntax_check: Extent | null;
  /** The server that answered. */
  readonly provider: string | null;
  /** The model that answered. */
  readonly model: string | null;
  /** The named arm that was drawn, if one was. */
  readonly arm: string | null;
  /** The server's name for the request. */
  readonly request_id: string | null;
  /** Why the reply ended. */
  readonly finish_reason: string | null;
  /** Whether a predicted output was sent. */
  readonly prediction: PredictionUse;
  /** The server's token counts. */
  readonly usage: TokenUsage;
  /** Seconds. */
  readonly timing: EditTiming;
  /** The HTTP requests, in the order they ended. */
  readonly attempts: readonly EditAttempt[];
  /** Dollars, if the prices are known. */
  readonly cost_usd: number | null;
  /** Sentences for the user's log. */
  readonly warnings: readonly string[];
  /** Whether the offline engine made the edit. */
  readonly offline: boolean | null;
}

/** The answer to `editsvc.edit`. */
export interface EditAnswer extends ResultFields {
  /** The edit; its record's `id` in the log. */
  readonly editId: string;
  /** How it ended. */
  readonly status: AnswerStatus;
  /** A sentence for the user; empty if there is nothing to say. */
  readonly message: string;
  /** The edit as it was proposed, for `git apply` in the folder that the editor has open. */
  readonly diff: string;
  /** The hunks, wherever they are. */
  readonly hunks: readonly Hunk[];
  /** What a check refused, as a diff for the user to see; empty if none did. */
  readonly refusedDiff: string;
  /** The kind of what ended the edit. */
  readonly error: string | null;
  /**
   * What to add to the argument to have a refused edit made all the same. Only the user may say so, each
   * time: no setting of a workspace, preset or instruction in a comment can.
   */
  readonly anyway: Anyway | null;
  /**
   * What the user can do if the edit was not made, the best first: a button for each, beside the message;
   * empty if it was made, or cancelled.
   */
  readonly remedies: readonly OfferedRemedy[];
  /** The figures in words: a client need not work them out, and round otherwise. */
  readonly shown: ShownFigures;
}

/** The parameters of `editsvc/stream`: hunks that became certain since the previous message. */
export interface StreamParams {
  /** The edit. */
  readonly editId: string;
  /** The document. */
  readonly uri: string;
  /** The document's version that the edit is made on. */
  readonly version: number;
  /** Counts up; 0 starts over, and what was sent before is void. */
  readonly seq: number;
  /** A hunk never changes once it was sent. */
  readonly hunks: readonly StreamedHunk[];
  /** Lines that are done. */
  readonly reached: number;
  /** Lines in all. */
  readonly total: number;
}

/** The parameters of `editsvc/hunks`: an edit in review, as it is now. */
export interface HunksParams {
  /** The edit. */
  readonly editId: string;
  /** The document. */
  readonly uri: string;
  /** The document's version that the ranges are for. */
  readonly version: number;
  /** All hunks of the edit. */
  readonly hunks: readonly Hunk[];
}

export const streamNotification = new NotificationType<StreamParams>('editsvc/stream');

export const hunksNotification = new NotificationType<HunksParams>('editsvc/hunks');

/** The server's commands; the editor knows them by these names too, once the server runs. */
export const serverCommand = {
  edit: 'editsvc.edit',
  acceptHunk: 'editsvc.acceptHunk',
  rejectHunk: 'editsvc.rejectHunk',
  acceptEdit: 'editsvc.acceptEdit',
  rejectEdit: 'editsvc.rejectEdit',
  rejectUnexplained: 'editsvc.rejectUnexplained',
  cancel: 'editsvc.cancel',
  showDiff: 'editsvc.showDiff',
  scopes: 'editsvc.scopes',
  report: 'editsvc.report',
} as const;

/** The kinds that those of the code actions begin with. */
export const actionKind = {
  rewrite: 'refactor.rewrite.editsvc',
  review: 'quickfix.editsvc',
} as const;
