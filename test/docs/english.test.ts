import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRiddle, sentencesOf } from '../architecture/english.ts';
import { markdownFiles, proseOf } from './markdown.ts';

function riddlesInMarkdown(path: string, markdown: string): readonly string[] {
  return proseOf(markdown).flatMap(({ line, text }) =>
    sentencesOf(text)
      .filter(isRiddle)
      .map((sentence) => `${path}:${String(line)}: ${sentence}`),
  );
}

test('no sentence of a Markdown file begins with a word that names no thing', () => {
  const found = [...markdownFiles()].flatMap(([path, markdown]) => riddlesInMarkdown(path, markdown));
  assert.deepEqual(found, []);
});

test('planted riddles are found in headings, paragraphs, lists, tables and after a colon, and not in code or questions', () => {
  const planted = [
    '# Who does what',
    '',
    'A paragraph. What it says',
    'is a riddle: whoever reads it knows.',
    '',
    '- Such a list',
    '| cell | nobody |',
    '',
    '```',
    'What is code stays.',
    '```',
    '',
    '`who` prints names. Who asks?',
  ].join('\n');
  assert.deepEqual(riddlesInMarkdown('x.md', planted), [
    'x.md:1: Who does what',
    'x.md:3: What it says is a riddle:',
    'x.md:3: whoever reads it knows.',
    'x.md:6: Such a list',
    'x.md:7: nobody',
  ]);
});
