import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../shipping/package-root.ts';

/** The pages of the manual, in the order of their list. */
export const PAGES = [
  'readme',
  'install',
  'configuration',
  'api',
  'clients',
  'open-webui',
  'deployments',
  'guide',
  'operations',
  'observability',
  'evidence',
  'security',
  'benchmarks',
  'contributing',
  'changelog',
] as const;

/** One page of the manual, by its name. */
export type Page = (typeof PAGES)[number];

// `dist` has the depth of `src`, and the build copies the pages into it.
const FOLDER = join(import.meta.dirname, '../../docs');

/** The name of a page's file in `docs`; `undefined` for the README, which lies at the top of the package. */
export function pageFileName(page: Page): string | undefined {
  if (page === 'readme') return undefined;
  return page === 'changelog' ? 'CHANGELOG.md' : `${page}.md`;
}

/** Finds a page by a typed name: `README`, `install` and `install.md` are names. */
export function findPage(name: string): Page | undefined {
  const plain = name.toLowerCase().replace(/\.md$/, '');
  return PAGES.find((page) => page === plain);
}

/** Reads a page as Markdown. */
export function readPage(page: Page): Promise<string> {
  const file = pageFileName(page);
  return readFile(file === undefined ? join(PACKAGE_ROOT, 'README.md') : join(FOLDER, file), 'utf8');
}

/** The first sentence below the title of a page, without its full stop. */
export function summaryOf(markdown: string): string {
  const [, first = ''] = /^# [^\n]*\n+([^\n]+(?:\n[^\n]+)*)/.exec(markdown) ?? [];
  return first
    .replaceAll('\n', ' ')
    .replace(/\.(?: .*)?$/, '')
    .replaceAll('`', '');
}
