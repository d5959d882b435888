import assert from 'node:assert/strict';
import { test } from 'node:test';
import { showDrift } from '../../../src/cli/actions/drift.ts';
import { showReleases } from '../../../src/cli/actions/releases.ts';
import { withHosts, type HostOptions } from '../../../src/cli/hosts/hosts.ts';
import { driftDocumentSchema } from '../../../src/cli/views/drift.ts';
import { releasesDocumentSchema } from '../../../src/cli/views/releases-document.ts';
import { fail, ok } from '../../../src/core/problem.ts';
import { Tree } from '../../config/tree.ts';
import { assertValid } from '../../json-schema.ts';
import { fakeTerminal } from '../fake-terminal.ts';

const NAMES = ['e', 'b', 'd', 'a', 'c'];

/** Five hosts that are this machine, each with a gateway of its own below the folder that does not exist. */
function tree(more = ''): Tree {
  const found = new Tree({ 'ansible.cfg': `[defaults]\nforks = 3\n` });
  const own = (name: string): string =>
    `${name} ansible_connection=local litellm_service_manager=process litellm_prefix=${found.folder}/${name}`;
  found.write('inventories/dev.ini', `[litellm]\n${NAMES.map(own).join('\n')}\n`);
  found.write(
    'inventories/group_vars/all/main.yml',
    `litellm_models: [{name: m, model: m}]\nlitellm_backends: [http://llm01:11434]\n${more}`,
  );
  return found;
}

/** Works on all hosts; the later ones end first. Returns the most that ran at once, and the answers. */
async function work(
  options: HostOptions,
): Promise<{ most: number; told: string[]; answers: readonly string[]; code: number }> {
  using files = tree();
  let [running, most, left] = [0, 0, NAMES.length];
  const told: string[] = [];
  let answers: readonly string[] = [];
  const waiting: (() => void)[] = [];
  const code = await withHosts(fakeTerminal({ cwd: files.folder }), options, async ({ onAll }) => {
    const forks = options.forks ?? 3;
    const found = await onAll(
      async ({ name }) => {
        most = Math.max(most, (running += 1));
        // As many as may run at once wait for each other; then they end in the wrong order.
        left -= 1;
        const room = new Promise<void>((resolve) => waiting.unshift(resolve));
        if (waiting.length === Math.min(forks, left + waiting.length) || left === 0)
          for (const go of waiting.splice(0)) go();
        await room;
        running -= 1;
        return name === 'd' ? fail({ code: 'x.y', summary: name, detail: '', fix: '' }) : ok(name);
      },
      (name) => void told.push(name),
    );
    answers = found.answers;
    return { problems: found.problems };
  });
  return { most, told, answers, code };
}

test('at most --forks hosts are worked on at once, and answers stand in the order of the inventory', async () => {
  for (const [options, most] of [
    [{}, 3],
    [{ forks: 1 }, 1],
    [{ forks: 50 }, 5],
  ] as const) {
    const ran = await work(options);
    assert.equal(ran.most, most);
    assert.deepEqual(
      [ran.answers, ran.told],
      [
        ['e', 'b', 'a', 'c'],
        ['e', 'b', 'a', 'c'],
      ],
    );
    assert.equal(ran.code, 1, 'the Problem of one host stops no other, and is the exit code');
  }
});

test('releases and drift of hosts without hxllm are valid documents, and drift keeps warnings to itself', async () => {
  using files = tree('litellm_colour: blue\n');
  const releases = fakeTerminal({ cwd: files.folder });
  assert.equal(await showReleases(releases, { json: true, limit: 'a,b' }), 0, releases.written.err);
  assertValid(releasesDocumentSchema(), JSON.parse(releases.written.out));
  assert.match(releases.written.err, /litellm_colour/);
  const drift = fakeTerminal({ cwd: files.folder });
  assert.equal(await showDrift(drift, { json: true, limit: 'a,b' }), 1);
  const document = JSON.parse(drift.written.out) as { problems: { code: string; where: { host: string } }[] };
  assertValid(driftDocumentSchema(), document);
  assert.deepEqual(
    document.problems.map(({ code, where }) => [code, where.host]),
    [
      ['drift.no-record', 'b'],
      ['drift.no-record', 'a'],
    ],
  );
  assert.doesNotMatch(drift.written.err, /litellm_colour/);
});
