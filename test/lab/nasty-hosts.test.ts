import assert from 'node:assert/strict';
import { test } from 'node:test';
import { borrowLab } from './borrowed.ts';
import { changedFiles, type Files } from './host/overlay.ts';
import { createOperator } from './operator.ts';
import { NASTY_HOSTS, PHASES, type NastyHost, type Seen } from './nasty-hosts.ts';

const lab = borrowLab();

/** Runs the phases one after the other against a prepared host. */
async function goThrough({ change, words = [] }: NastyHost): Promise<readonly Seen[]> {
  const operator = createOperator();
  const seen: Seen[] = [];
  for (const phase of PHASES) {
    change?.(operator, phase);
    const ran = await operator.deploy(...phase.words, ...(phase.words[0] === 'enforce' ? words : []));
    seen.push({ exitCode: ran.exitCode, said: `${ran.stdout}${ran.stderr}` });
  }
  return seen;
}

/** The line of an output that says why: the first failed check or problem, else the first warning, else the last line. */
function tellingLine(said: string): string {
  const lines = said
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const of = (sign: string): string | undefined => lines.find((line) => line.startsWith(sign));
  return lines.find((line) => line.startsWith('✗') && !/^✗ \w+ failed: /.test(line)) ?? of('!') ?? lines.at(-1) ?? '';
}

for (const nasty of NASTY_HOSTS)
  test(`${nasty.name}: preflight, enforce, enforce, uninstall`, lab.only, async () => {
    const host = lab.host('hx-api-server');
    const clean: Files = host.files();
    await host.must(nasty.prepare);
    const before = host.files();
    let changed: readonly string[];
    let seen: readonly Seen[];
    try {
      seen = await goThrough(nasty);
      changed = changedFiles(before, host.files()).filter((line) => nasty.left?.test(line) !== true);
    } finally {
      await host.must(nasty.undo);
    }
    for (const [index, { exitCode, said }] of seen.entries()) {
      const [code, pattern] = nasty.expected[index] ?? [0, /^$/];
      const line = tellingLine(said);
      assert.equal(exitCode, code, `${PHASES[index]?.name ?? ''}: ${line}\n${said}`);
      assert.match(line, pattern, said);
    }
    assert.deepEqual(changed, [], 'nothing is lost, and nothing is left');
    const rest = changedFiles(clean, host.files()).filter((line) => !/ \/var\/backups\/litellm-/.test(line));
    assert.deepEqual(rest, [], 'the next host starts as this one did');
  });
