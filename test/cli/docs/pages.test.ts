import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findPage, pageFileName, PAGES, readPage, summaryOf } from '../../../src/cli/docs/pages.ts';

const FOLDER = join(import.meta.dirname, '../../../src/docs');

test('every page of src/docs is listed, and every listed page exists with a title and a summary', async () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.md') && !name.endsWith('.intro.md'));
  assert.deepEqual(
    PAGES.map(pageFileName)
      .filter((name) => name !== undefined)
      .toSorted(),
    files.toSorted(),
  );
  for (const page of PAGES) {
    const markdown = await readPage(page);
    assert.match(markdown, /^# \S/, page);
    assert.match(summaryOf(markdown), /^\S.{10,150}$/, page);
  }
});

test('a page is found by its name, by its file’s name, and in any case', () => {
  assert.deepEqual(['install', 'README', 'CHANGELOG.md', 'Open-WebUI', 'instal', ''].map(findPage), [
    'install',
    'readme',
    'changelog',
    'open-webui',
    undefined,
    undefined,
  ]);
});

test('a summary is the first sentence below the title', () => {
  assert.equal(summaryOf('# Title\n\nThe first `one`\ngoes on. The second.\n\nMore.\n'), 'The first one goes on');
  assert.equal(summaryOf('# Title\n\nKeys of config.yaml.\n'), 'Keys of config.yaml');
  assert.equal(summaryOf('# Title\n'), '');
});
