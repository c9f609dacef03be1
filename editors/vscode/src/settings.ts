/** What the user has set, and only that. */

import { workspace } from 'vscode';

/** The names of the settings that the server knows; those of the extension itself have a dot in theirs. */
export function serverSettings(packageJson: unknown): string[] {
  const { contributes } = packageJson as {
    contributes: { configuration: { properties: Record<string, unknown> } };
  };
  return Object.keys(contributes.configuration.properties)
    .map((name) => name.slice('editsvc.'.length))
    .filter((name) => !name.includes('.'));
}

/**
 * The values that somebody has set, by name.
 *
 * Defaults are left out: the server would take them for wishes of the editor, which count more than the user's
 * settings file and the project's. So is what a workspace says that is not trusted.
 */
export function explicit(names: readonly string[]): Record<string, unknown> {
  const configuration = workspace.getConfiguration('editsvc');
  const values: Record<string, unknown> = {};
  for (const name of names) {
    const found = configuration.inspect(name);
    const local = workspace.isTrusted ? (found?.workspaceFolderValue ?? found?.workspaceValue) : undefined;
    const value = local ?? found?.globalValue;
    if (value !== undefined) values[name] = value;
  }
  return values;
}
