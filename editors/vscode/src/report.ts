/** The report on all edits, as a page inside the editor. */

import { ViewColumn, window, type Disposable, type WebviewPanel } from 'vscode';
import { ExecuteCommandRequest } from 'vscode-languageclient/node';

import { serverCommand, type ReportArgument, type ReportPage } from './protocol';
import type { Server } from './server';

// The page holds its own styles and pictures; nothing is loaded, and nothing runs.
const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

export class Report implements Disposable {
  private panel: WebviewPanel | undefined;

  constructor(private readonly server: Server) {}

  /** Show the report as it is now. */
  async show(): Promise<void> {
    const client = await this.server.ready();
    const { html }: ReportPage = await client.sendRequest(ExecuteCommandRequest.type, {
      command: serverCommand.report,
      arguments: [{ format: 'html' } satisfies ReportArgument],
    });
    this.panel ??= this.opened();
    this.panel.webview.html = html.replace(
      /<head>/i,
      `<head><meta http-equiv="Content-Security-Policy" content="${policy}">`,
    );
    this.panel.reveal();
  }

  dispose(): void {
    this.panel?.dispose();
  }

  private opened(): WebviewPanel {
    const panel = window.createWebviewPanel('editsvc.report', 'editsvc report', ViewColumn.Active, {
      enableScripts: false,
      enableFindWidget: true,
      localResourceRoots: [],
    });
    panel.onDidDispose(() => {
      this.panel = undefined;
    });
    return panel;
  }
}
