import type { Paint } from './paint.ts';

/** Markdown with bold headings, otherwise unchanged. Code is left alone, since a shell comment looks like a heading. */
export function paintMarkdown(markdown: string, { bold }: Pick<Paint, 'bold'>): string {
  let inCode = false;
  return markdown
    .split('\n')
    .map((line) => {
      if (line.trimStart().startsWith('```')) inCode = !inCode;
      return !inCode && /^#{1,6} /.test(line) ? bold(line) : line;
    })
    .join('\n');
}
