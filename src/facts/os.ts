import type { Question } from './question.ts';

/** The distribution, from os-release(5). */
export interface Os {
  readonly id: string;
  /** Related distributions: `debian` for Ubuntu. */
  readonly idLike: readonly string[];
  /** Empty for a distribution without versions, as Debian testing. */
  readonly versionId: string;
  readonly prettyName: string;
}

/** The distribution of the host. */
export const osQuestion: Question<Os> = {
  script: 'cat /etc/os-release || cat /usr/lib/os-release',
  as: 'user',
  parse: ({ stdout }) => parseOsRelease(stdout),
};

/** Parses os-release(5): shell assignments, comments and blank lines. */
export function parseOsRelease(text: string): Os {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, name, raw = ''] = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line.trim()) ?? [];
    if (name !== undefined) values.set(name, unquote(raw));
  }
  const id = values.get('ID');
  if (id === undefined) throw new Error('os-release has no ID');
  const idLike = (values.get('ID_LIKE') ?? '').split(' ').filter((word) => word !== '');
  return { id, idLike, versionId: values.get('VERSION_ID') ?? '', prettyName: values.get('PRETTY_NAME') ?? id };
}

function unquote(raw: string): string {
  const [, single, double] = /^(?:'([^']*)'|"((?:[^"\\]|\\.)*)")$/.exec(raw) ?? [];
  return single ?? double?.replaceAll(/\\(.)/g, '$1') ?? raw;
}
