import type { Question } from './question.ts';

/** The distribution, by its own names (os-release(5)). */
export interface Os {
  readonly id: string;
  /** Families it says it belongs to: `debian` for Ubuntu. */
  readonly idLike: readonly string[];
  /** Empty where it has none, as Debian testing. */
  readonly versionId: string;
  readonly prettyName: string;
}

/** Which distribution it is. */
export const osQuestion: Question<Os> = {
  script: 'cat /etc/os-release || cat /usr/lib/os-release',
  as: 'user',
  parse: ({ stdout }) => parseOsRelease(stdout),
};

/** Reads os-release(5): assignments as a shell would take them, comments and blank lines apart. */
export function parseOsRelease(text: string): Os {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, name, raw = ''] = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line.trim()) ?? [];
    if (name !== undefined) values.set(name, unquote(raw));
  }
  const id = values.get('ID');
  if (id === undefined) throw new Error('os-release names no ID');
  const idLike = (values.get('ID_LIKE') ?? '').split(' ').filter((word) => word !== '');
  return { id, idLike, versionId: values.get('VERSION_ID') ?? '', prettyName: values.get('PRETTY_NAME') ?? id };
}

function unquote(raw: string): string {
  const [, single, double] = /^(?:'([^']*)'|"((?:[^"\\]|\\.)*)")$/.exec(raw) ?? [];
  return single ?? double?.replaceAll(/\\(.)/g, '$1') ?? raw;
}
