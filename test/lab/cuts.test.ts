import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { borrowLab } from './borrowed.ts';
import { alive } from './client.ts';
import { until } from './command.ts';
import { leaderOf, waitForHost } from './host/host.ts';
import { createOperator } from './operator.ts';
import { anotherRelease } from './program-copy.ts';

const lab = borrowLab();
const operator = createOperator();
const VAULT = join(operator.folder, 'inventories/group_vars/all/vault.yml');
const MAIN = 'inventories/group_vars/all/main.yml';
/**
 * HXLLM_CUTS says which cuts: `all` is after each step in turn and takes half an hour; `connection:10 power:9,10` is after these steps, for
 * these kinds (`operator`, `connection`, `power`). Else each kind has a cut at the beginning, in the middle and near the end.
 */
const CUTS = process.env['HXLLM_CUTS'] ?? '';

/** Whether the operator wants a cut of this kind after so many steps. */
function isWanted(word: string, cut: number): boolean {
  if (CUTS === '' || CUTS === 'all') return CUTS === 'all' || cut % 4 === 0;
  const chosen = CUTS.split(' ').find((each) => each.startsWith(`${word}:`));
  return (
    chosen
      ?.slice(word.length + 1)
      .split(',')
      .includes(String(cut)) ?? false
  );
}

const host = (): ReturnType<typeof lab.host> => lab.host('hx-api-server');

/** Another key, another configuration: with another program, each step of a deployment that has no other kind of step. */
function vary(number: number): void {
  writeFileSync(VAULT, `litellm_master_key: sk-${(number % 2 === 0 ? 'b2' : 'a1').repeat(32)}\n`);
  const [from, to] = number % 2 === 0 ? ['llama3', 'llama3-8b'] : ['llama3-8b', 'llama3'];
  operator.edit(MAIN, `name: "${from}"`, `name: "${to}"`);
}

const steps = (text: string): readonly string[] =>
  (JSON.parse(text) as { readonly steps: readonly { readonly id: string }[] }).steps.map(({ id }) => id);

/** Asks the gateway without a pause until it is stopped; returns the answers that were not 200. */
function asking(): AsyncDisposable & { stop(): Promise<readonly string[]> } {
  const state = { stopped: false, failed: new Array<string>() };
  const asks = (async () => {
    while (!state.stopped) {
      const answer = await alive();
      if (answer !== '200') state.failed.push(answer);
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
    }
  })();
  const stop = async (): Promise<readonly string[]> => {
    state.stopped = true;
    await asks;
    return state.failed;
  };
  return {
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
    },
  };
}

const KILLED = 'the operator is killed';
const OFF = 'the power goes';
/** The events on the host at that moment. */
const KINDS = {
  [KILLED]: { word: 'operator', script: 'true' },
  'the connection is cut': { word: 'connection', script: 'pkill -KILL -u deploy sshd; true' },
  [OFF]: { word: 'power', script: 'systemctl reboot -ff' },
} as const;

test('the gateway is deployed', lab.only, async () => {
  writeFileSync(VAULT, `litellm_master_key: sk-${'b2'.repeat(32)}\n`);
  const ran = await operator.deploy('enforce', '--yes');
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
});

let number = 0;
for (const [kind, { word, script }] of Object.entries(KINDS))
  test(
    `when ${kind} after a step, the host serves, and the next run completes and says what had happened`,
    lab.only,
    async (context) => {
      const isOff = kind === OFF;
      for (let cut = 0, last = 20; cut <= last; cut += 1) {
        if (!isWanted(word, cut)) continue;
        number += 1;
        vary(number);
        const program = anotherRelease(number);
        const dry = await operator.deployWith(program, 'enforce', '--dry-run', '--json');
        assert.equal(dry.exitCode, 0, dry.stdout + dry.stderr);
        const ids = steps(dry.stdout);
        last = ids.length;
        const about = `${kind}, after ${String(cut)} of ${ids.join(' ')}`;
        // On the host and with few programs for each look, because a step takes milliseconds.
        const reached = `timeout 120 bash -c '
          record=/opt/litellm/.hxllm-record
          mapfile -t before < "$record"
          while mapfile -t now < "$record"; [ $((\${#now[@]} - \${#before[@]})) -lt ${String(cut)} ] || [ ! -e /run/hxllm/lock ]; do
            sleep 0.001
          done' || exit 1
          ${script}`;
        const leader = leaderOf('hx-api-server');
        const event = host().sh(reached);
        await using clients = isOff ? undefined : asking();
        const ran =
          kind === KILLED
            ? await operator.cutOffWith(program, 'SIGKILL', event, 'enforce', '--yes')
            : await operator.deployWith(program, 'enforce', '--yes');
        if (!isOff)
          assert.equal((await event).exitCode, 0, `${about}: the moment did not come\n${ran.stdout}${ran.stderr}`);
        context.diagnostic(`${about}: ended with ${String(ran.exitCode)}`);
        if (isOff) {
          await until(`${about}: the host to go down`, 30_000, () =>
            Promise.resolve(leaderOf('hx-api-server') !== leader),
          );
          await waitForHost(host());
        } else
          await until(
            `${about}: the lock`,
            90_000,
            async () => (await host().sh('[ ! -e /run/hxllm ]')).exitCode === 0,
          );
        assert.equal(await alive(), '200', about);
        const next = await operator.deployWith(program, 'enforce', '--yes');
        assert.equal(next.exitCode, 0, `${about}\n${next.stdout}${next.stderr}`);
        if (ran.exitCode === 137) assert.match(next.stdout, /was cut off and is closed now/, about);
        assert.deepEqual((await clients?.stop()) ?? [], [], about);
        const empty = await operator.deployWith(program, 'enforce', '--dry-run', '--json');
        assert.deepEqual(steps(empty.stdout), [], about);
        const inUse = await host().must('basename $(ls -d /etc/systemd/system/litellm.service.wants/litellm@*)');
        await until(`${about}: one instance`, 90_000, async () => {
          const units = await host().must(
            `systemctl list-units --all --plain --no-legend 'litellm@*' | awk '$3 != "inactive" { print $1 }'`,
          );
          return units === inUse;
        });
        assert.equal(
          await host().must(
            'ls -d /opt/litellm/.previous /etc/litellm/*.hxllm-new /etc/systemd/system/*.hxllm-new 2>/dev/null || echo none',
          ),
          'none',
          about,
        );
      }
    },
  );
