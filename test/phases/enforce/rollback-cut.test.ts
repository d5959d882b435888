import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Settings } from '../../../src/config/config.ts';
import type { RecordedStep } from '../../../src/core/recorder.ts';
import { Secret } from '../../../src/core/secret.ts';
import type { Deployments } from '../../../src/facts/installation/deployments.ts';
import { finishedRollback, rollbackSource } from '../../../src/phases/enforce/rollback/target.ts';
import { planHost } from '../../../src/plan/host-plan.ts';
import type { Actual } from '../../../src/plan/actual.ts';
import type { Desired } from '../../../src/render/desired.ts';
import { FakeHost, operationsOf, type Operation } from '../../plan/fake/fake-host.ts';
import { look } from '../../plan/fake/look.ts';
import { applyTo, desiredWith } from '../../plan/fake/random.ts';
import { idsOf } from '../../plan/plan-stage.ts';
import { sha256 } from '../../../src/core/hash.ts';

const RUN = '0'.repeat(32);
const ORIGIN = { at: '2026-11-30T01:02:03.456Z', who: 'ada', from: 'workstation' };
const keyed = (digits: string): Partial<Settings> => ({
  masterKey: { state: 'set', key: new Secret(`sk-${digits.repeat(32)}`), where: {} },
});

/** The way from the first deployment to the second: the code, the configuration, the key, the port, and all of them. */
const CHANGES: readonly (readonly [Partial<Settings>, string])[] = [
  [keyed('a1'), 'a later gateway'],
  [{ ...keyed('a1'), routingStrategy: 'simple-shuffle' }, 'gateway'],
  [{ ...keyed('a1'), port: 4001 }, 'gateway'],
  [{ ...keyed('b2'), routingStrategy: 'simple-shuffle', port: 4001 }, 'a later gateway'],
];

function deploymentsOf(host: FakeHost, desired: Desired): Deployments {
  const { notes, deployments } = look(host, desired).installation;
  return { notes, deployments, instances: [] };
}

/** The state that a deployment leads to, as a rollback wants it: the key of the host stays. */
function former(of: number, files: Desired, { release }: Desired, codeOnly: boolean): Desired {
  return {
    ...files,
    release: { ...release, files: release.files.map((file) => ({ ...file, content: '' })) },
    files: files.files.map((file) =>
      file.path === files.paths.envFile ? { ...file, content: { kind: 'kept' as const } } : file,
    ),
    rollback: { of, codeOnly },
  };
}

/** The lines in the host's record of a run that was cut after some operations. A step is done with its last one. */
function recordOf(operations: readonly Operation[], cut: number): readonly RecordedStep[] {
  const left = new Set(operations.slice(cut).map(({ step }) => step));
  const ids = [...new Set(operations.slice(0, cut).map(({ step }) => step))];
  return ids
    .filter((step) => step !== '' && !left.has(step))
    .map((step) => ({ run: RUN, at: '2026-11-30T01:02:04Z', step, state: 'done' }));
}

/** Whether the gateway starts from the disk alone, as after a reboot. */
function boots(host: FakeHost, { paths }: Desired): boolean {
  const [gateway, config, key] = [`${paths.current}/gateway`, paths.configFile, paths.envFile].map((path) =>
    host.text(path),
  );
  return gateway !== undefined && config?.includes('model_list') === true && key?.includes('MASTER_KEY') === true;
}

const lookAt = (host: FakeHost, desired: Desired): Actual => ({ ...look(host, desired), origin: ORIGIN });

for (const codeOnly of [false, true])
  test(`a rollback that is cut after any operation leaves a host that serves, and the same command completes it (--code-only: ${String(codeOnly)})`, () => {
    let [cuts, finished] = [0, 0];
    for (const [over, bundle] of CHANGES) {
      const [one, two] = [desiredWith(keyed('a1'), 'gateway'), desiredWith(over, bundle)];
      const start = new FakeHost();
      for (const each of [one, two]) applyTo(start, each);
      const wanted = codeOnly ? former(1, two, one, true) : former(1, one, one, false);
      const plan = planHost(wanted, lookAt(start, wanted));
      const operations = operationsOf(plan);
      for (let cut = 0; cut <= operations.length; cut += 1) {
        const about = `${bundle}, ${JSON.stringify(Object.keys(over))}, cut after ${String(cut)} of ${String(operations.length)}`;
        const host = start.clone();
        for (const { run } of operations.slice(0, cut)) run(host);
        assert.ok(host.running !== undefined || boots(host, wanted), `${about}: nothing serves`);
        assert.ok(boots(host, wanted), `${about}: it does not start again`);
        // The next run of the same command.
        const kept = deploymentsOf(host, two);
        const request = { to: -1, codeOnly };
        const done = finishedRollback(kept, request, recordOf(operations, cut), RUN);
        if (done === undefined) {
          const source = rollbackSource('host', kept, request);
          assert.ok(source.ok, about);
          assert.deepEqual([source.value.release.number, source.value.files.number], [1, codeOnly ? 2 : 1], about);
        } else {
          assert.equal(done.number, 3, about);
          finished += 1;
        }
        const of = done === undefined ? 1 : 3;
        const again = { ...wanted, rollback: { of, codeOnly: done === undefined && codeOnly } };
        for (const { run } of operationsOf(planHost(again, lookAt(host, again)))) run(host);
        assert.deepEqual(idsOf(planHost(again, lookAt(host, again))), [], `${about}: the next plan`);
        assert.deepEqual(
          host.running,
          {
            release: sha256(one.release.files.find(({ name }) => name === 'gateway')?.content ?? ''),
            config: host.text(wanted.paths.configFile),
            environment: start.text(wanted.paths.envFile),
          },
          `${about}: the process`,
        );
        for (const { path, content } of wanted.files)
          if (content.kind === 'text') assert.equal(host.text(path), content.text, `${about}: ${path}`);
        cuts += 1;
      }
    }
    assert.ok(cuts > 30 && finished > 3, `${String(cuts)} cuts, ${String(finished)} after the end`);
  });

test('a rollback counts back from the running deployment if another run came after the cut one, or if another way back is asked for', () => {
  const one = desiredWith(keyed('a1'), 'gateway');
  const two = desiredWith(keyed('a1'), 'a later gateway');
  const host = new FakeHost();
  for (const each of [one, two]) applyTo(host, each);
  const wanted = former(1, one, one, false);
  const operations = operationsOf(planHost(wanted, lookAt(host, wanted)));
  for (const { run } of operations) run(host);
  const kept = deploymentsOf(host, two);
  const [lines, request] = [recordOf(operations, operations.length), { to: -1, codeOnly: false }];
  assert.equal(finishedRollback(kept, request, lines, RUN)?.number, 3);
  assert.equal(finishedRollback(kept, request, lines, 'another run'), undefined);
  assert.equal(finishedRollback(kept, { ...request, codeOnly: true }, lines, RUN), undefined);
  assert.equal(finishedRollback(kept, { ...request, to: 2 }, lines, RUN), undefined);
  assert.equal(finishedRollback(kept, request, [], RUN), undefined);
});
