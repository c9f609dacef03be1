/** What the user has set, and only that. */

import { workspace, type WorkspaceConfiguration } from 'vscode';

type Inspected = ReturnType<WorkspaceConfiguration['inspect']>;

/**
 * The names of the settings that the server knows; those of the extension itself have a dot in theirs, and earlier
 * names have an underscore.
 */
export function serverSettings(packageJson: unknown): string[] {
  const { contributes } = packageJson as {
    contributes: { configuration: readonly { properties: Record<string, unknown> }[] };
  };
  return contributes.configuration
    .flatMap(({ properties }) => Object.keys(properties))
    .map((name) => name.slice('editsvc.'.length))
    .filter((name) => !/[._]/.test(name));
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
    const value = chosen(configuration.inspect(name), configuration.inspect(earlierName(name)));
    if (value !== undefined) values[name] = value;
  }
  return values;
}

/** The value of one of the server's settings, its default included. */
export function setting<T>(name: string, otherwise: T): T {
  const [value] = Object.values(explicit([name]));
  return (value as T | undefined) ?? otherwise;
}

/** What a setting was called in the first version. */
function earlierName(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The value that is set closest to the document; at each distance, the present name counts before the earlier one. */
function chosen(now: Inspected, before: Inspected): unknown {
  const local = [
    now?.workspaceFolderValue,
    before?.workspaceFolderValue,
    now?.workspaceValue,
    before?.workspaceValue,
  ];
  const all = [...(workspace.isTrusted ? local : []), now?.globalValue, before?.globalValue];
  return all.find((value) => value !== undefined);
}
