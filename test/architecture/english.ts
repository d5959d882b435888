import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A sentence that begins with a word that names no thing, with the place where it stands. */
export interface Riddle {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly sentence: string;
}

/** Openings that hide the subject of a sentence: it should begin with the thing it is about. */
const OPENING =
  /^(?:who|whoever|whom|whomever|whose|what|whatever|one (?:that|who|which)|(?:those|that|he|she) (?:who|which|whose)|those that|such|nobody|no one|everybody|everyone|anybody|anyone|somebody|someone)\b/i;

/** Words after which a question is a question, as in the title of a phase. */
const QUESTION = /\?$/;

/** Every riddle in the comments of a TypeScript source. Code in backticks and words in quotation marks are left out. */
export function riddlesIn(path: string, source: string): readonly Riddle[] {
  return commentsOf(source).flatMap(({ line, text }) =>
    sentencesOf(text)
      .filter(isRiddle)
      .map((sentence) => ({ path, line, sentence })),
  );
}

/** Whether a sentence hides its subject. */
export function isRiddle(sentence: string): boolean {
  return OPENING.test(sentence) && !QUESTION.test(sentence);
}

interface Comment {
  readonly line: number;
  readonly text: string;
}

const COMMENT =
  /(?<block>\/\*[\s\S]*?\*\/)|(?<lines>(?:^|(?<=[\s;{}(),]))\/\/[^\n]*(?:\n[ \t]*\/\/[^\n]*)*)|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/gm;

/** Comments of a source; consecutive line comments are one. Strings are skipped, so that a URL is no comment. */
function commentsOf(source: string): readonly Comment[] {
  const found: Comment[] = [];
  for (const match of source.matchAll(COMMENT)) {
    const raw = match.groups?.['block'] ?? match.groups?.['lines'];
    if (raw === undefined) continue;
    const line = source.slice(0, match.index).split('\n').length;
    const text = raw
      .replace(/^\/\*\*?|\*\/$/g, '')
      .replaceAll(/^[ \t]*(?:\*(?!\/)|\/\/)[ \t]?/gm, '')
      .trim();
    found.push({ line, text });
  }
  return found;
}

/** Sentences of a text; a line that begins with `@` or a list mark begins a new one. */
export function sentencesOf(text: string): readonly string[] {
  return text
    .replaceAll(/\n[ \t]*(?=[-*@])/g, '. ')
    .replaceAll(/\s+/g, ' ')
    .split(/(?<=[.!?])[)\]”"’]?\s+|(?<=[:;])\s+/)
    .map((sentence) => sentence.replace(/^[-*\s(“"]+/, '').trim())
    .filter((sentence) => sentence !== '');
}

// `node test/architecture/english.ts [PATH …]` prints them.
if (import.meta.main) {
  const words = process.argv.slice(2);
  const root = join(import.meta.dirname, '../..');
  const paths = globSync('{src,test,bin}/**/*.{ts,js,mjs}', { cwd: root, exclude: ['**/node_modules'] }).toSorted();
  let count = 0;
  for (const path of paths.filter((each) => words.length === 0 || words.some((word) => each.startsWith(word))))
    for (const { line, sentence } of riddlesIn(path, readFileSync(join(root, path), 'utf8'))) {
      count += 1;
      process.stdout.write(`${path}:${String(line)}: ${sentence.slice(0, 140)}\n`);
    }
  process.stdout.write(`${String(count)} sentences\n`);
}
