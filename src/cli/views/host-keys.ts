import type { ExaminedKey } from '../../remote/ssh/host-key.ts';
import type { HostKeyScan } from '../../remote/ssh/host-key-scan.ts';
import { tableLines } from './columns.ts';
import type { Paint } from './paint.ts';

/** The end of one host in `hxllm trust`. */
export interface TrustedHost {
  readonly name: string;
  /** `local`: no SSH. `skipped`: a jump host on the way was not recorded. */
  readonly state:
    | 'added'
    | 'known'
    | 'declined'
    | 'unconfirmed'
    | 'refused'
    | 'unreachable'
    | 'failed'
    | 'local'
    | 'skipped';
  readonly scan?: HostKeyScan;
}

/** The keys of one host: type, fingerprint, and what known_hosts says about each. */
export function hostKeyLines(name: string, scan: HostKeyScan, paint: Paint, columns: number): readonly string[] {
  const head = name === scan.knownAs ? paint.bold(name) : `${paint.bold(name)}  ${scan.knownAs}`;
  const rows = scan.keys.map((key) => ({
    cells: [`  ${key.type}`, key.fingerprint, stateWords(key)],
    styles: [undefined, undefined, key.state === 'known' ? paint.good : key.state === 'new' ? paint.warn : paint.bad],
  }));
  const unread = scan.unread.length === 0 ? [] : [paint.dim(`  not read: ${scan.unread.join(', ')}`)];
  return [head, ...tableLines(rows, columns), ...unread];
}

function stateWords({ state, where }: ExaminedKey): string {
  if (where === undefined) return state;
  const place = where.line === undefined ? where.file : `${where.file}:${String(where.line)}`;
  return state === 'changed' ? `changed: another key is at ${place}` : `${state} ${place}`;
}

/** The JSON document of `hxllm trust`. */
export function trustDocument(hosts: readonly TrustedHost[]): object {
  return {
    schemaVersion: 1,
    hosts: hosts.map(({ name, state, scan }) => ({
      name,
      state,
      ...(scan === undefined
        ? {}
        : {
            knownAs: scan.knownAs,
            file: scan.file,
            keys: scan.keys.map(({ type, fingerprint, state: known, where }) => ({
              type,
              fingerprint,
              state: known,
              ...(where === undefined
                ? {}
                : { file: where.file, ...(where.line === undefined ? {} : { line: where.line }) }),
            })),
          }),
    })),
  };
}
