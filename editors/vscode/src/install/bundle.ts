/** What the extension brings along: the server's wheel, the tested versions, and maybe all wheels; knows no editor. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Bundle {
  /** The server's version. */
  readonly version: string;
  /** Differs when the wheel or the tested versions differ; part of a folder's name. */
  readonly id: string;
  readonly wheel: string;
  readonly constraints: string;
  /** The folder with the wheels of all that the server needs; undefined if an index is needed. */
  readonly wheels: string | undefined;
  /** The versions of Python that those wheels are for, such as `3.12`. */
  readonly pythons: readonly string[];
  /** About how many bytes an environment takes. */
  readonly bytes: number;
}

/** What is in `folder`; undefined if the extension was built without its server. */
export function readBundle(folder: string): Bundle | undefined {
  try {
    const said = JSON.parse(readFileSync(join(folder, 'bundle.json'), 'utf8')) as {
      version: string;
      digest: string;
      wheel: string;
      wheels: boolean;
      pythons: string[];
      bytes: number;
    };
    return {
      version: said.version,
      id: `${said.version}-${said.digest.slice(0, 8)}`,
      wheel: join(folder, said.wheel),
      constraints: join(folder, 'constraints.txt'),
      wheels: said.wheels ? join(folder, 'wheels') : undefined,
      pythons: said.pythons,
      bytes: said.bytes,
    };
  } catch {
    return undefined;
  }
}
