import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** A piece of a Markdown file, and the line where it begins, from 1. */
export interface Piece {
  readonly line: number;
  readonly text: string;
}

/** The repository's Markdown files by path: README, and those below src, test, evidence and templates. */
export function markdownFiles(): ReadonlyMap<string, string> {
  const paths = globSync(['*.md', '{src,test,evidence,templates}/**/*.md'], {
    cwd: ROOT,
    exclude: ['**/node_modules', 'evidence/*/**'],
  });
  return new Map(paths.toSorted().map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));
}

interface Line {
  readonly line: number;
  readonly text: string;
  /** Inside a fence: the language that the fence names. */
  readonly code: string | undefined;
}

function linesOf(markdown: string): readonly Line[] {
  let code: string | undefined;
  return markdown.split('\n').flatMap((text, index): readonly Line[] => {
    const fence = /^\s*```(.*)$/.exec(text);
    if (fence === null) return [{ line: index + 1, text, code }];
    code = code === undefined ? (fence[1] ?? '').trim() : undefined;
    // A fence ends a paragraph.
    return [{ line: index + 1, text: '', code: undefined }];
  });
}

/** Paragraphs, headings, list items and cells of tables, without code. Code within a sentence is the word `code`. */
export function proseOf(markdown: string): readonly Piece[] {
  const pieces: { line: number; text: string }[] = [];
  let open = false;
  for (const { line, text, code } of linesOf(markdown)) {
    const plain = code === undefined ? text : '';
    if (/^\s*\|/.test(plain)) {
      const row = withoutCode(plain).split('|');
      pieces.push(...row.filter((cell) => /\w/.test(cell)).map((cell) => ({ line, text: cell.trim() })));
      open = false;
    } else if (plain.trim() === '') open = false;
    else if (open && !/^\s*(?:#|[-*] |\d+\. )/.test(plain)) {
      const last = pieces.at(-1);
      if (last !== undefined) last.text += `\n${plain}`;
    } else {
      pieces.push({ line, text: plain });
      open = !plain.startsWith('#');
    }
  }
  return pieces.map(({ line, text }) => ({ line, text: withoutMarks(withoutCode(text)) }));
}

function withoutCode(text: string): string {
  return text.replaceAll(/`[^`]*`/g, 'code');
}

function withoutMarks(text: string): string {
  return text
    .replaceAll(/\]\([^)]*\)/g, '')
    .replaceAll(/[*[\]]/g, '')
    .replace(/^\s*(?:#+|-|\d+\.)\s+/, '')
    .trim();
}

/** Lines of fenced code for a shell (`\` continues a line), and code within sentences. */
export function commandsOf(markdown: string): readonly Piece[] {
  const prose = linesOf(markdown).filter(({ code }) => code === undefined);
  const spans = prose.flatMap(({ line, text }) =>
    [...text.matchAll(/`([^`]+)`/g)].map(([, span = '']) => ({ line, text: span })),
  );
  const script: { line: number; text: string }[] = [];
  let continued = false;
  for (const { line, text, code } of linesOf(markdown)) {
    if (code === undefined || !/^(?:bash|sh|)$/.test(code)) continue;
    const last = script.at(-1);
    if (continued && last !== undefined) last.text += ` ${text}`;
    else script.push({ line, text });
    continued = text.endsWith('\\');
  }
  return [...script.map((each) => ({ ...each, text: each.text.replaceAll(/\\ /g, ' ') })), ...spans];
}

/** Targets of links that are no addresses of their own. */
export function relativeLinksOf(markdown: string): readonly Piece[] {
  return linesOf(markdown)
    .filter(({ code }) => code === undefined)
    .flatMap(({ line, text }) =>
      [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => ({ line, text: target })),
    )
    .filter(({ text }) => !/^[a-z]+:/.test(text));
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(markdown: string): ReadonlySet<string> {
  const headings = linesOf(markdown).filter(({ text, code }) => code === undefined && /^#+ /.test(text));
  return new Set(
    headings.map(({ text }) =>
      text
        .replace(/^#+ /, '')
        .trim()
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}
