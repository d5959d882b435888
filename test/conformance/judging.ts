import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Verdict } from './verdict.ts';

/** A server that must pass, and the cases that it cannot show. */
export interface Claim {
  readonly url: string;
  readonly key: string;
  readonly model: string;
  readonly embed: string;
}

/** Cases of a choice that their API does not have. */
export const BEYOND_API = [
  'wire/schemas/ollama-forced-schema-forms',
  'wire/calls/messages-allowed-tools',
  'wire/calls/ollama-allowed-tools',
];

/** Judges a server with the public command, in a process of its own. */
export async function judgeWithCommand(
  { url, key, model, embed }: Claim,
  more: readonly string[] = [],
): Promise<{ readonly verdict: Verdict; readonly code: number | null }> {
  const child = spawn(
    process.execPath,
    [
      join(import.meta.dirname, 'main.ts'),
      '--url',
      url,
      '--key',
      key,
      '--model',
      model,
      '--embed-model',
      embed,
      '--json',
      ...more,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const closed = Promise.withResolvers<number | null>();
  child.on('error', closed.reject).on('close', closed.resolve);
  let [output, complaint] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  const code = await closed.promise;
  assert.ok(output.startsWith('{'), `the suite did not run:\n${complaint}`);
  return { verdict: JSON.parse(output) as Verdict, code }; // the documented shape of --json
}

/**
 * One test for each case, which must pass. Cases in `beyond` (`client/theme/id`, or its beginning) cannot be shown here, and all
 * others can.
 */
export function testRows(
  { verdict, code }: Awaited<ReturnType<typeof judgeWithCommand>>,
  beyond: readonly string[],
): void {
  test('the exit code of the command tells whether a case failed', () => {
    assert.ok(verdict.rows.length > 150, `only ${String(verdict.rows.length)} cases`);
    assert.equal(code, verdict.rows.some(({ outcome }) => outcome === 'fail') ? 1 : 0);
  });
  for (const { client, theme, id, checks, outcome, detail } of verdict.rows) {
    const name = `${client}/${theme}/${id}`;
    test(`${name}: ${checks}`, () => {
      assert.equal(outcome, beyond.includes(name) ? 'not applicable' : 'pass', detail);
    });
  }
}
