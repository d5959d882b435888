import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printDocs } from '../../../src/cli/actions/docs.ts';
import { PAGES, readPage } from '../../../src/cli/docs/pages.ts';
import { fakeTerminal } from '../fake-terminal.ts';

test('without a page the pages are listed, one line each', async () => {
  const terminal = fakeTerminal();
  assert.equal(await printDocs(terminal, undefined), 0);
  const lines = terminal.written.out.split('\n');
  assert.deepEqual(
    lines.slice(0, PAGES.length).map((line) => /^ {2}(\S+) +\S/.exec(line)?.[1]),
    [...PAGES],
  );
  assert.match(terminal.written.out, /\n\nPrint one: hxllm docs PAGE\n$/);
});

test('a page is printed unchanged without colours', async () => {
  const terminal = fakeTerminal({ columns: 40 });
  assert.equal(await printDocs(terminal, 'operations'), 0);
  assert.equal(terminal.written.out, await readPage('operations'));
});

test('on a terminal headings are bold, and comments in code are not', async () => {
  const terminal = fakeTerminal({ isTty: true, columns: 40 });
  await printDocs(terminal, 'configuration');
  const { out } = terminal.written;
  assert.ok(out.startsWith('\u001B[1m# Configuration\u001B[22m\n'));
  assert.ok(out.includes('\n# inventories/group_vars/all/main.yml\n'), 'a comment of YAML stays');
  assert.equal(out.replaceAll('\u001B[1m', '').replaceAll('\u001B[22m', ''), await readPage('configuration'));
});
