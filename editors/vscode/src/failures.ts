/**
 * What is told about an edit that was not made, with a button for each thing that can be done about it.
 *
 * As an error message: VS Code shows the whole text of a message that has buttons, keeps it until it is answered only
 * if it is an error, and shows only errors while notifications are silenced. The server decides which buttons there
 * are; nothing here looks into a message.
 */

import { commands, window, type LogOutputChannel, type MessageItem } from 'vscode';

import type { EditAnswer, EditArgument, OfferedRemedy, RemedyKind } from './protocol';

/** What the rest of the extension does about a failure. */
export interface Acts {
  /** Make the same edit again, with `more` in its argument, where its lines are by now. */
  readonly again: (more?: Partial<EditArgument>) => Promise<void>;
  /** Ask again, with the instruction to be changed. */
  readonly askAgain: () => Promise<void>;
  /** Ask for a key; whether one is there now. */
  readonly setKey: () => Promise<boolean>;
  readonly restart: () => Promise<void>;
  readonly showDiff: (diff: string) => Promise<void>;
}

interface Button extends MessageItem {
  readonly remedy: Pick<OfferedRemedy, 'kind' | 'setting'>;
}

/** These show something, and the question stays. */
const shows: readonly RemedyKind[] = ['show-reply', 'show-log', 'offline-help', 'open-setting'];

export const whatWorks = 'editsvc.showOfflineHelp';

/** The remedies where the server has said nothing: it did not answer, or not as it should. */
export const unanswered: readonly OfferedRemedy[] = [
  { kind: 'retry', title: 'Retry', setting: null },
  { kind: 'show-log', title: 'Show log', setting: null },
];

export class Failures {
  constructor(private readonly log: LogOutputChannel) {}

  /** Tell it, until the user has answered or closed it. */
  async tell(
    message: string,
    remedies: readonly OfferedRemedy[],
    acts: Acts,
    answer?: Pick<EditAnswer, 'anyway' | 'refusedDiff'>,
  ): Promise<void> {
    this.log.error(message);
    const buttons = remedies.map(({ kind, title, setting }): Button => ({ title, remedy: { kind, setting } }));
    let chosen: Button | undefined;
    do {
      chosen = await window.showErrorMessage(message, ...buttons);
      if (chosen) await this.act(chosen.remedy, acts, answer);
    } while (chosen && shows.includes(chosen.remedy.kind));
  }

  private async act(
    { kind, setting }: Button['remedy'],
    acts: Acts,
    answer?: Pick<EditAnswer, 'anyway' | 'refusedDiff'>,
  ): Promise<void> {
    switch (kind) {
      case 'set-key':
        if (await acts.setKey()) await acts.again();
        break;
      case 'retry':
        await acts.again();
        break;
      case 'restart':
        await acts.restart();
        await acts.again();
        break;
      case 'anyway':
        if (answer?.anyway) await acts.again(answer.anyway);
        break;
      case 'whole-file':
        await acts.again({ scope: 'file' });
        break;
      case 'change-instruction':
        await acts.askAgain();
        break;
      case 'show-reply':
        await acts.showDiff(answer?.refusedDiff ?? '');
        break;
      case 'open-setting':
        await commands.executeCommand('workbench.action.openSettings', `editsvc.${setting ?? ''}`);
        break;
      case 'offline-help':
        await commands.executeCommand(whatWorks);
        break;
      case 'show-log':
        this.log.show();
        break;
    }
  }
}
