import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InstanceUnit, UnitState } from '../../src/facts/installation/installation.ts';
import { planHost } from '../../src/plan/host-plan.ts';
import type { Action, Plan } from '../../src/plan/plan.ts';
import { desiredOf, installed } from './host.ts';
import { commandsOf, idsOf } from './plan-stage.ts';

const PROGRAM = '/opt/litellm/runtimes/node-24.21.0-abababababab/bin/node';
const ACTIVE: UnitState = {
  load: 'loaded',
  active: 'active',
  enabled: 'enabled',
  fragment: '',
  needsReload: false,
  program: '',
  followers: [],
};

const alive = (number: number, state?: InstanceUnit['state']): InstanceUnit => ({
  number,
  active: 'active',
  program: PROGRAM,
  ...(state === undefined ? {} : { state }),
});

function actionsOf(plan: Plan, id: string): readonly Action[] {
  return plan.steps.filter((step) => step.id === id).flatMap((step) => step.actions);
}

const detailOf = (plan: Plan, id: string): string => plan.steps.find((step) => step.id === id)?.detail ?? '';

test('a new release starts beside the one that serves, proves itself and takes over; nothing else is stopped', () => {
  const plan = planHost(desiredOf({ gateModel: 'phi' }, 'newer'), installed(desiredOf()));
  assert.deepEqual(actionsOf(plan, 'service.start'), [{ kind: 'start-instance', number: 2, user: 'litellm' }]);
  const [gate] = actionsOf(plan, 'service.gate');
  assert.ok(gate?.kind === 'gate' && gate.gateway === '/opt/litellm/deployments/2/gateway' && gate.model === 'phi');
  // A release that crashes after five seconds has not taken over by then.
  assert.ok(gate.soakS > 5);
  const [own] = actionsOf(planHost(desiredOf({ gateSoakS: 30 }, 'newer'), installed(desiredOf())), 'service.gate');
  assert.equal(own?.kind === 'gate' && own.soakS, 30);
  assert.deepEqual(
    actionsOf(plan, 'service.take-over').map(({ kind }) => kind),
    ['use-instance', 'command', 'take-over'],
  );
  assert.match(
    detailOf(plan, 'service.take-over'),
    /litellm@1\.service ends its streams within 10 min.*systemctl list-units/,
  );
  const stops = [...plan.steps.flatMap(({ actions }) => actions), ...plan.recover.before].flatMap((action) =>
    action.kind === 'command' && action.argv.includes('stop') ? [action.argv.join(' ')] : [],
  );
  assert.deepEqual(stops, ['systemctl --no-ask-password stop --no-block litellm@2.service']);
  assert.deepEqual(
    plan.recover.after.find(({ kind }) => kind === 'return-to'),
    {
      kind: 'return-to',
      unit: 'litellm@1.service',
    },
  );
  const health = plan.steps.at(-1)?.actions.find((action) => action.kind === 'health');
  assert.deepEqual(health?.watch, { unit: 'litellm@2.service' });
});

test('a gateway of an older hxllm is replaced by the first instance, which is named before any file is written', () => {
  const desired = desiredOf({}, 'newer');
  const before = installed(desiredOf(), {
    service: { ...ACTIVE, program: PROGRAM },
    instanceUnits: [],
    inUse: undefined,
  });
  const entries = new Map(
    [...before.installation.entries].filter(([path]) => !/litellm@|litellm-failed|litellm-drop-ins/.test(path)),
  );
  const plan = planHost(desired, { ...before, installation: { ...before.installation, entries } });
  const ids = idsOf(plan);
  assert.ok(ids.indexOf('service.instance') < ids.findIndex((id) => id.startsWith('files.')), ids.join(' '));
  assert.deepEqual(actionsOf(plan, 'service.take-over'), [{ kind: 'replace-process' }]);
  assert.match(detailOf(plan, 'service.start'), /both accept connections/);
  assert.deepEqual(
    plan.recover.after.find(({ kind }) => kind === 'return-to'),
    {
      kind: 'return-to',
      unit: 'litellm.service',
    },
  );
});

test('a change that the running instance cannot share is a stop and a start, which says why', () => {
  for (const [over, why] of [
    [{ port: 4001 }, 'the socket changes'],
    [{ user: 'gate' }, 'the user or group changes'],
    [{ installDir: '/srv/hx' }, 'the folders change'],
  ] as const) {
    const plan = planHost(desiredOf(over), installed(desiredOf()));
    const start = plan.steps.find(({ id }) => id === 'service.start');
    assert.ok(start?.title.includes(why), `${why}: ${start?.title ?? ''}`);
    assert.deepEqual(commandsOf(plan, 'service.start').at(-1), 'systemctl --no-ask-password start litellm@2.service');
    assert.ok(idsOf(plan).indexOf('service.instance') < idsOf(plan).indexOf('service.reload'));
  }
});

test('an instance that has to be cut is named beforehand', () => {
  const before = installed(desiredOf(), {
    instanceUnits: [alive(1, 'draining'), alive(2, 'draining'), alive(3, 'serving')],
    inUse: 3,
  });
  const plan = planHost(desiredOf({}, 'newer'), before);
  assert.match(detailOf(plan, 'service.take-over'), /litellm@1\.service is cut: at most 3 instances/);
  assert.doesNotMatch(detailOf(plan, 'service.take-over'), /litellm@2\.service is cut/);
  assert.match(plan.steps.find(({ id }) => id === 'service.start')?.title ?? '', /beside litellm@3\.service/);
});

test('an instance that stands by since a run that was cut off is stopped, and the one that serves stays in use', () => {
  const desired = desiredOf();
  const instanceUnits = [alive(1, 'serving'), alive(2, 'standby')];
  // Cut off before the take-over, and after the link.
  for (const inUse of [1, 2]) {
    const plan = planHost(desired, installed(desired, { instanceUnits, inUse }));
    assert.deepEqual(commandsOf(plan, 'service.standby'), ['systemctl --no-ask-password stop litellm@2.service']);
    assert.deepEqual(
      actionsOf(plan, 'service.instance').map((action) => action.kind === 'use-instance' && action.number),
      inUse === 1 ? [] : [1],
    );
    assert.ok(!idsOf(plan).includes('service.start'));
  }
  assert.match(
    planHost(desiredOf({}, 'newer'), installed(desired, { instanceUnits, inUse: 2 })).steps.find(
      ({ id }) => id === 'service.start',
    )?.title ?? '',
    /beside litellm@1\.service/,
  );
});

test('an instance in use that has failed is started again, and so is one without its link', () => {
  const desired = desiredOf();
  const failed = { number: 1, active: 'failed', program: '' };
  for (const over of [{ instanceUnits: [failed] }, { instanceUnits: [], inUse: undefined }]) {
    const plan = planHost(desired, installed(desired, over));
    assert.deepEqual(commandsOf(plan, 'service.start').at(-1), 'systemctl --no-ask-password start litellm@1.service');
    assert.equal(idsOf(plan).includes('service.instance'), 'inUse' in over);
  }
});

test('a reload that fails returns by another reload, and never stops the instance', () => {
  const plan = planHost(desiredOf({ routingStrategy: 'simple-shuffle' }), installed(desiredOf()));
  assert.deepEqual(plan.recover.before, []);
  assert.ok(
    plan.recover.after.every((action) => action.kind !== 'command' || !action.argv.includes('stop')),
    JSON.stringify(plan.recover.after),
  );
});
