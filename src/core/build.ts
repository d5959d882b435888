import { isObject, parseJson } from './json.ts';

/** A build of hxllm: its version, and the date of its commit (ISO 8601) if that is known. */
export interface Build {
  readonly version: string;
  readonly committedAt: string | undefined;
}

/** Writes a build as the text of a release's `release.json`. {@link parseBuild} is its inverse. */
export function writeBuild({ version, committedAt }: Build): string {
  return `${JSON.stringify({ version, committed: committedAt })}\n`;
}

/** Reads a `release.json`; `undefined` if it is none. */
export function parseBuild(text: string): Build | undefined {
  const value = parseJson(text);
  if (!isObject(value) || typeof value['version'] !== 'string') return undefined;
  const committed = value['committed'];
  return { version: value['version'], committedAt: typeof committed === 'string' ? committed : undefined };
}

/** `0.2.0 of 2026-11-29T10:00:00Z` */
export function buildText({ version, committedAt }: Build): string {
  return committedAt === undefined ? version : `${version} of ${committedAt}`;
}

/** Whether a build is older than another: by version, then by the commit's date. A date that is missing decides nothing. */
export function isOlder(build: Build, than: Build): boolean {
  const byVersion = compareVersions(build.version, than.version);
  if (byVersion !== 0) return byVersion < 0;
  return Date.parse(build.committedAt ?? '') < Date.parse(than.committedAt ?? '');
}

/** Compares versions as https://semver.org/ orders them (section 11): negative, 0 or positive. */
function compareVersions(a: string, b: string): number {
  const [one, two] = [a, b].map((version) => {
    const [core = '', ...pre] = version.replace(/\+.*$/, '').split('-');
    return { core: core.split('.'), pre: pre.length === 0 ? [] : pre.join('-').split('.') };
  });
  if (one === undefined || two === undefined) return 0;
  const byCore = compareParts(one.core, two.core);
  if (byCore !== 0) return byCore;
  // A version with a pre-release part comes before the same version without one.
  if (one.pre.length === 0 || two.pre.length === 0) return two.pre.length - one.pre.length;
  return compareParts(one.pre, two.pre);
}

function compareParts(a: readonly string[], b: readonly string[]): number {
  for (const [index, part] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1;
    const [isNumber, otherIsNumber] = [/^\d+$/.test(part), /^\d+$/.test(other)];
    const order =
      isNumber && otherIsNumber
        ? Number(part) - Number(other)
        : isNumber === otherIsNumber
          ? Number(part > other) - Number(part < other)
          : isNumber
            ? -1
            : 1;
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
