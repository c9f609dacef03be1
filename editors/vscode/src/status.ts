/** What the last edit took, in the status bar. */

import { MarkdownString, StatusBarAlignment, window, type Disposable } from 'vscode';

import type { EditAnswer } from './protocol';

export class StatusItem implements Disposable {
  private readonly item = window.createStatusBarItem('editsvc.last', StatusBarAlignment.Right, 100);
  private last = '';
  private about: MarkdownString | undefined;

  constructor(private readonly report: string) {
    this.item.name = 'editsvc: the last edit';
    this.item.command = report;
  }

  /** An edit runs; `message` says how far it is. */
  running(message: string): void {
    this.item.text = `$(sync~spin) ${message || 'editsvc'}`;
    this.item.tooltip = 'Cancel the edit';
    this.item.command = 'editsvc.stop';
    this.item.show();
  }

  /** No edit runs any more. */
  ended(): void {
    this.item.text = this.last;
    this.item.tooltip = this.about;
    this.item.command = this.report;
    if (!this.last) this.item.hide();
  }

  /** An edit was answered. */
  edited(answer: EditAnswer): void {
    this.last = summary(answer);
    this.item.text = this.last;
    this.about = details(answer, this.report);
    this.item.tooltip = this.about;
    this.item.show();
  }

  dispose(): void {
    this.item.dispose();
  }
}

function summary(answer: EditAnswer): string {
  if (answer.status !== 'changed') return `$(circle-slash) ${answer.status}`;
  const { shown } = answer;
  const count = answer.hunks.length;
  const parts = [
    `$(check) ${count} ${count === 1 ? 'hunk' : 'hunks'}`,
    shown?.tokens,
    shown?.acceptance && `${shown.acceptance} of the prediction accepted`,
    shown?.total,
    answer.offline ? 'offline' : shown?.cost,
  ];
  return parts.filter(Boolean).join(' · ');
}

function details(answer: EditAnswer, report: string): MarkdownString {
  const { usage, timing, scope, shown } = answer;
  const rows: [string, string | number | null | undefined][] = [
    ['Rewritten', scope && `${scope.kind}, lines ${scope.start_line}–${scope.end_line}`],
    ['Model', answer.offline ? 'the offline engine' : answer.model],
    [
      'Prompt',
      usage?.prompt_tokens && `${usage.prompt_tokens} tokens, ${usage.cached_tokens ?? 0} from the cache`,
    ],
    ['Reply', shown?.tokens],
    [
      'Prediction',
      answer.prediction && (shown?.acceptance ? `${shown.acceptance} accepted` : answer.prediction.reason),
    ],
    ['First token', timing?.ttft_s != null ? `${timing.ttft_s.toFixed(2)} s` : null],
    ['Altogether', shown?.total],
    ['Cost', shown?.cost],
  ];
  const words = new MarkdownString(`**editsvc: the last edit is ${answer.status}**\n\n`, true);
  words.isTrusted = { enabledCommands: [report] };
  if (answer.message) words.appendText(answer.message).appendMarkdown('\n\n');
  words.appendMarkdown('| | |\n|---|---|\n');
  for (const [name, value] of rows)
    if (value) words.appendMarkdown(`| ${name} | `).appendText(`${value}`).appendMarkdown(' |\n');
  if (shown?.policy) words.appendMarkdown('\n\n$(lightbulb) ').appendText(shown.policy);
  for (const warning of answer.warnings ?? []) words.appendMarkdown('\n\n$(warning) ').appendText(warning);
  return words.appendMarkdown(`\n\n[Show the report](command:${report})`);
}
