/** The words of the language server's contract (docs/language-server.md); values only. */

import { NotificationType, type Range } from 'vscode-languageclient/node';

export type HunkState =
  | 'streaming'
  | 'open'
  | 'applied'
  | 'proposed'
  | 'edited'
  | 'accepted'
  | 'rejected'
  | 'gone'
  | 'conflict'
  | 'lost';

/** A hunk; `oldText` is what stood there before the edit, `newText` what the edit wrote. */
export interface Hunk {
  readonly id: number;
  readonly range: Range;
  readonly state: HunkState;
  readonly oldText: string;
  readonly newText: string;
}

/** A hunk of a reply that is still being written, in lines of the version that the edit is made for. */
export interface StreamedHunk {
  readonly id: number;
  readonly range: Range;
  readonly newText: string;
}

export type Mode = 'review' | 'apply' | 'preview';

export interface EditArgument {
  readonly uri: string;
  readonly instruction: string;
  readonly range?: Range;
  readonly scope?: string;
  readonly mode?: Mode;
  readonly prediction?: string;
  readonly comment?: Range;
  readonly allowPath?: boolean;
  readonly allow?: readonly string[];
}

/** What to add to the argument of a refused edit, once the user says so, to have it made all the same. */
export type Anyway = Pick<EditArgument, 'allow' | 'allowPath'>;

export interface Decision {
  readonly editId: string;
  readonly status: 'changed' | 'unchanged' | 'refused' | 'conflict' | 'failed' | 'cancelled';
  readonly message: string;
  readonly hunks: readonly Hunk[];
}

/** The answer to `editsvc.edit`; what was not reported is null. */
export interface EditAnswer extends Decision {
  readonly error: string | null;
  readonly anyway: Anyway | null;
  readonly diff: string;
  readonly usage: {
    readonly prompt_tokens: number | null;
    readonly cached_tokens: number | null;
    readonly completion_tokens: number | null;
    readonly accepted_prediction_tokens: number | null;
    readonly rejected_prediction_tokens: number | null;
  } | null;
  readonly prediction: {
    readonly sent: boolean;
    readonly kind: string | null;
    readonly reason: string;
  } | null;
  readonly timing: { readonly ttft_s: number | null; readonly total_s: number | null } | null;
  readonly scope: { readonly kind: string; readonly start_line: number; readonly end_line: number } | null;
  /** The figures in words, the same that every front end shows. */
  readonly shown: {
    readonly tokens: string | null;
    readonly acceptance: string | null;
    readonly total: string | null;
    readonly cost: string | null;
  } | null;
  readonly model: string | null;
  readonly cost_usd: number | null;
  readonly offline: boolean | null;
  readonly warnings: readonly string[] | null;
}

export interface StreamParams {
  readonly editId: string;
  readonly uri: string;
  readonly version: number;
  readonly seq: number;
  readonly hunks: readonly StreamedHunk[];
  readonly reached: number;
  readonly total: number;
}

export interface HunksParams {
  readonly editId: string;
  readonly uri: string;
  readonly version: number;
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
  report: 'editsvc.report',
} as const;

/** The kind of the code actions that hold an instruction. */
export const rewriteKind = 'refactor.rewrite.editsvc';
