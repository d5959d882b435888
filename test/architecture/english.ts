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

/**
 * Every riddle in a TypeScript source: in its comments, and in its messages. Messages of a test are the titles of its tests; elsewhere
 * they are all strings of three words or more.
 */
export function riddlesIn(path: string, source: string): readonly Riddle[] {
  return textsOf(source, path.startsWith('test/')).flatMap(({ line, text }) =>
    sentencesOf(text)
      .filter(isRiddle)
      .map((sentence) => ({ path, line, sentence })),
  );
}

/** Whether a sentence hides its subject. */
export function isRiddle(sentence: string): boolean {
  return OPENING.test(sentence) && !QUESTION.test(sentence);
}

interface Text {
  readonly line: number;
  readonly text: string;
}

const TEXT =
  /(?<block>\/\*[\s\S]*?\*\/)|(?<lines>(?:^|(?<=[\s;{}(),]))\/\/[^\n]*(?:\n[ \t]*\/\/[^\n]*)*)|(?<title>\btest\(\s*)?(?<string>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)/gm;

const THREE_WORDS = /\S\s+\S+\s+\S/;

/** Comments and messages of a source; consecutive line comments are one. A URL in a string is no comment. */
function textsOf(source: string, isTest: boolean): readonly Text[] {
  const found: Text[] = [];
  for (const match of source.matchAll(TEXT)) {
    const { block, lines, title, string } = match.groups ?? {};
    const line = source.slice(0, match.index).split('\n').length;
    const comment = block ?? lines;
    if (comment !== undefined) found.push({ line, text: proseOf(comment) });
    else if (string !== undefined && THREE_WORDS.test(string) && (title !== undefined || !isTest))
      found.push({ line, text: string.slice(1, -1).replaceAll(String.raw`\n`, '. ') });
  }
  return found;
}

/** A comment without its marks. */
function proseOf(comment: string): string {
  return comment
    .replace(/^\/\*\*?|\*\/$/g, '')
    .replaceAll(/^[ \t]*(?:\*(?!\/)|\/\/)[ \t]?/gm, '')
    .trim();
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
