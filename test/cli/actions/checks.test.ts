import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainChecks, listChecks } from '../../../src/cli/actions/checks.ts';
import { assertValidDocument } from '../../valid-evidence.ts';
import { fakeTerminal } from '../fake-terminal.ts';

test('--list has every check with its severity and title, by family', async () => {
  const terminal = fakeTerminal({ columns: 100 });
  assert.equal(await listChecks(terminal, false), 0);
  assert.match(terminal.written.out, /^Models\n {2}models\.present\[…\] +error +MODEL is on a backend$/m);
  assert.doesNotMatch(terminal.written.out, /undefined/);
  const titles = terminal.written.out.split('\n').filter((line) => /^\S/.test(line));
  assert.equal(new Set(titles).size, titles.length, 'each family stands once');
});

test('--explain takes a family, an id, and an id with its subject', async () => {
  const explained = async (...names: readonly string[]): Promise<string> => {
    const terminal = fakeTerminal({ columns: 80 });
    assert.equal(await explainChecks(terminal, names, false), 0);
    return terminal.written.out;
  };
  const one = await explained('ollama.answers[http://hx-llm01-server:11434]');
  assert.match(
    one,
    /^ollama\.answers\[http:\/\/hx-llm01-server:11434\] Ollama answers at\s+http:\/\/hx-llm01-server:11434/,
  );
  assert.match(one, /severity error: preflight fails/);
  assert.match(one, /hxllm preflight --only 'ollama\.answers\[http:\/\/hx-llm01-server:11434\]'/);
  assert.equal((await explained('disk')).match(/^disk\./gm)?.length, 3);
});

test('--json prints the same as a document that its schema describes', async () => {
  const list = fakeTerminal();
  await listChecks(list, true);
  assertValidDocument(list.written.out);
  const disk = fakeTerminal();
  await explainChecks(disk, ['disk'], true);
  assertValidDocument(disk.written.out);
  const { checks } = JSON.parse(disk.written.out) as { readonly checks: readonly { readonly family: string }[] };
  assert.deepEqual(new Set(checks.map(({ family }) => family)), new Set(['disk']));
});
