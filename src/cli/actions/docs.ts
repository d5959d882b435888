import { EXIT } from '../exit-code.ts';
import { PAGES, readPage, summaryOf, type Page } from '../docs/pages.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { flow } from '../views/flow.ts';
import { paintMarkdown } from '../views/markdown.ts';
import { createPaint } from '../views/paint.ts';

/** Prints a page as Markdown, or the list of pages; returns the exit code. */
export async function printDocs({ stdout, environment }: Terminal, page: Page | undefined): Promise<number> {
  const paint = createPaint(environment, stdout.isTty);
  if (page !== undefined) {
    stdout.write(paintMarkdown(await readPage(page), paint));
    return EXIT.ok;
  }
  const width = Math.max(...PAGES.map(({ length }) => length)) + 2;
  for (const name of PAGES) {
    const summary = summaryOf(await readPage(name));
    const head = { text: name.padEnd(width), paint: paint.bold, whole: true };
    stdout.write(flow([head, { text: summary }], { indent: 2, hang: width + 3, columns: stdout.columns() }));
  }
  stdout.write('\nPrint one: hxllm docs PAGE\n');
  return EXIT.ok;
}
