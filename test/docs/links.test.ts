import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { anchorsOf, markdownFiles, relativeLinksOf } from './markdown.ts';

const ROOT = join(import.meta.dirname, '../..');

/** README is read in one go. */
const README_BYTES = 9000;

test('README is one page, and the two commands are on its first screen', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  assert.ok(
    Buffer.byteLength(readme) <= README_BYTES,
    `${String(Buffer.byteLength(readme))} bytes; more belongs in src/docs`,
  );
  const firstScreen = new Set(readme.split('\n').slice(0, 40));
  for (const command of ['npm ci && npm run demo', 'npm ci && npm test']) assert.ok(firstScreen.has(command), command);
});

/** Relative links of a file that lead nowhere: to a missing file, or to a heading that is not there. */
function brokenLinks(path: string, markdown: string): readonly string[] {
  return relativeLinksOf(markdown).flatMap(({ line, text }) => {
    const [file = '', anchor] = text.split('#');
    const target = join(ROOT, dirname(path), file);
    const page =
      file === '' ? markdown : existsSync(target) && statSync(target).isFile() ? readFileSync(target, 'utf8') : '';
    const there = existsSync(target) && (anchor === undefined || anchorsOf(page).has(anchor));
    return there ? [] : [`${path}:${String(line)}: ${text}`];
  });
}

test('every relative link of the Markdown files leads to something that exists', () => {
  const files = markdownFiles();
  assert.ok(files.has('README.md') && files.has('src/docs/install.md'), 'files are found');
  assert.deepEqual(
    [...files].flatMap(([path, markdown]) => brokenLinks(path, markdown)),
    [],
  );
});

test('planted links to a missing file and to a missing heading are found', () => {
  const planted = '# Title\n\nSee [a](nowhere.md), [b](README.md#nowhere), [c](#title), [d](https://example.net/x).\n';
  assert.deepEqual(brokenLinks('README.md', planted), ['README.md:3: nowhere.md', 'README.md:3: README.md#nowhere']);
});

test('every page is linked from README', () => {
  const linked = new Set(relativeLinksOf(readFileSync(join(ROOT, 'README.md'), 'utf8')).map(({ text }) => text));
  const pages = [...markdownFiles().keys()].filter(
    (path) => path.startsWith('src/docs/') && !path.endsWith('.intro.md'),
  );
  assert.deepEqual(
    pages.filter((page) => !linked.has(page)),
    [],
  );
});
