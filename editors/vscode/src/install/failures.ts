/** What went wrong with an installation, in a sentence, from what pip or uv printed; knows no editor. */

/** Where the way out is: another Python, the network, the workspace's trust, or the log. */
export type Remedy = 'python' | 'network' | 'log';

/** An installation that failed; its message is a sentence for the user. */
export class InstallFailed extends Error {
  readonly remedy: Remedy;
  /** The versions that are wanted are not to be had; others may be. */
  readonly versions: boolean;

  constructor(message: string, remedy: Remedy = 'log', versions = false) {
    super(message);
    this.remedy = remedy;
    this.versions = versions;
  }
}

/** The user called it off. */
export class InstallCancelled extends Error {}

/** What works without a network; the name is the one that `make vsix-offline` gives. */
export const offlineWay =
  `Without a network, install this extension from editsvc-${process.platform}-${process.arch}.vsix, ` +
  'which brings everything along.';

interface Kind {
  readonly sign: RegExp;
  readonly sentence: (found: RegExpExecArray) => string;
  readonly remedy?: Remedy;
  readonly versions?: boolean;
}

const kinds: readonly Kind[] = [
  {
    sign: /No space left on device|not enough space on the disk|os error 28\b|os error 112\b/i,
    sentence: () => 'The disk is full.',
  },
  {
    sign: /407 Proxy Authentication|Proxy Authentication Required/i,
    sentence: () => 'The proxy wants a name and a password; put them into http.proxy or HTTPS_PROXY.',
  },
  {
    sign: /CERTIFICATE_VERIFY_FAILED|invalid peer certificate|UnknownIssuer|self[- ]signed certificate/i,
    sentence: () =>
      'The certificate of the package index is not trusted here; name your authority in PIP_CERT (pip) or SSL_CERT_FILE (uv).',
    remedy: 'network',
  },
  {
    sign: /\b(401|403)\b[^\n]*(Unauthorized|Forbidden|Error)|status code 40[13]|HTTP error 40[13]/i,
    sentence: ([, code]) =>
      `The package index refuses to serve us${code ? ` (${code})` : ''}; look at its address and your login.`,
    remedy: 'network',
  },
  {
    sign: /ensurepip is not available|No module named '?ensurepip|No module named venv|returned non-zero exit status \d+[^\n]*ensurepip|ensurepip[^\n]*returned non-zero/i,
    sentence: () =>
      'This Python cannot make environments. On Debian and Ubuntu, install python3-venv; or install uv, or choose another Python.',
    remedy: 'python',
  },
  {
    sign: /NewConnectionError|ConnectTimeout|ReadTimeout|Read timed out|ProxyError|Failed to establish a new connection|Temporary failure in name resolution|getaddrinfo failed|nodename nor servname|error sending request|dns error|tcp connect error|Connection refused|Network is unreachable|Failed to fetch: |after connection broken by|network connectivity is disabled|Could not connect/i,
    sentence: () => `The package index cannot be reached. ${offlineWay}`,
    remedy: 'network',
  },
  {
    sign: /No interpreter found for ([^\n]*?)(?: in |\n|$)/i,
    sentence: () => 'uv found no Python that fits, and did not get one.',
    remedy: 'python',
  },
  {
    sign: /(?:Failed (?:building wheel for|to build installable wheels[^\n]*: *|to build) ?`?([\w.-]+)|Microsoft Visual C\+\+ \d|Building wheel for ([\w.-]+)[^\n]*(?:error|did not run))/i,
    sentence: ([, one, two]) =>
      `${one ?? two ?? 'A package'} has no wheel for this Python and system, and could not be built. Choose another Python.`,
    remedy: 'python',
    versions: true,
  },
  {
    sign: /No matching distribution found for ([^\s(]+)/i,
    sentence: ([, what]) => `The package index has no ${what} that fits this Python and system.`,
    remedy: 'python',
    versions: true,
  },
  {
    sign: /ResolutionImpossible|conflicting dependencies|No solution found when resolving/i,
    sentence: () => 'The package index does not have versions that go together.',
    versions: true,
  },
  {
    sign: /(?:Permission denied|Access is denied|EACCES)/i,
    sentence: () => 'A file could not be written, or is in use by another program.',
  },
];

/** The failure of a program that printed `printed`, while the sentence's beginning `doing` was done. */
export function failure(doing: string, printed: string): InstallFailed {
  for (const { sign, sentence, remedy, versions } of kinds) {
    const found = sign.exec(printed);
    if (found) return new InstallFailed(sentence(found), remedy, versions);
  }
  const last = printed
    .split(/\r\n|\r|\n/)
    .map((one) => one.replace(/^\s*(error|ERROR):\s*/, '').trim())
    .filter(Boolean)
    .at(-1);
  return new InstallFailed(
    `${doing} failed${last ? `: ${last.slice(0, 300)}` : ''}`.replace(/([^.!?])$/, '$1.'),
  );
}
