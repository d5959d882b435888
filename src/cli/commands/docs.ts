import type { Command } from 'commander';
import { nearestName } from '../../core/spelling.ts';
import { findPage, PAGES } from '../docs/pages.ts';
import { processTerminal } from '../terminal/process-terminal.ts';
import { described } from './phase-command.ts';
import type { HandOn } from './servers.ts';

/** `hxllm docs [page]` */
export function docsCommand(handOn: HandOn): Command {
  const text = {
    name: 'docs',
    purpose: 'Print a page of the manual, or list the pages',
    description: 'The pages are part of the package: no internet is needed.',
    examples: [
      ['docs', 'the pages, one line each'],
      ['docs operations', 'service, upgrades, rollback, troubleshooting'],
      ['docs clients | less', 'with a pager'],
    ],
  } as const;
  return described(text)
    .argument('[page]', 'the page to print')
    .action(async (name: string | undefined, _options: object, command: Command) => {
      const page = name === undefined ? undefined : findPage(name);
      if (name !== undefined && page === undefined) command.error(unknownPage(name));
      await handOn([], async () => {
        const { printDocs } = await import('../actions/docs.ts');
        return () => printDocs(processTerminal(), page);
      });
    });
}

function unknownPage(name: string): string {
  const meant = nearestName(name, PAGES) ?? PAGES.find((page) => page.startsWith(name.toLowerCase()));
  const hint = meant === undefined ? `Pages: ${PAGES.join(', ')}` : `(Did you mean ${meant}?)`;
  return `error: unknown page '${name}'\n${hint}`;
}
