/** Documents by their addresses, as the protocol has them. */

import { workspace, type TextDocument } from 'vscode';

/** The open document at an address; undefined if there is none. */
export function openDocument(uri: string): TextDocument | undefined {
  return workspace.textDocuments.find((one) => one.uri.toString() === uri);
}
