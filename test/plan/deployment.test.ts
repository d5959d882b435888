import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDeployment, writeDeployment } from '../../src/core/deployment-record.ts';
import { runningDeployment } from '../../src/plan/deployment.ts';
import { planHost } from '../../src/plan/host-plan.ts';
import { planHash } from '../../src/plan/plan-hash.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { bare, desiredOf, installed, KEY } from './host.ts';
import { idsOf } from './plan-stage.ts';

function written(plan: Plan, path: string): string | undefined {
  const action = plan.steps.flatMap((step) => step.actions).find((each) => each.kind === 'write' && each.path === path);
  return action?.kind === 'write' ? String(action.text) : undefined;
}

test('a first deployment is number 1, and its record names what it rests on', () => {
  const desired = desiredOf();
  const plan = planHost(desired, bare());
  const record = parseDeployment(written(plan, '/opt/litellm/deployments/1/deployment.json') ?? '');
  assert.deepEqual(
    [record?.number, record?.at, record?.who, record?.from, record?.kind],
    [1, '2026-11-24T12:00:00.000Z', 'ada', 'workstation', 'switch'],
  );
  assert.equal(record?.release.id, desired.release.id);
  assert.equal(record.plan, planHash(plan.steps));
  assert.deepEqual(
    record.files.map(({ name, sha256 }) => [name, sha256 !== undefined]),
    [
      ['config.yaml', true],
      ['litellm.env', false],
      ['litellm-failed@.service', true],
      ['litellm-drop-ins', true],
      ['litellm@.service', true],
      ['litellm.socket', true],
      ['litellm.service', true],
    ],
  );
  assert.ok(record.changed.some(({ id }) => id === 'files.config.yaml'));
  assert.match(written(plan, '/opt/litellm/.hxllm') ?? '', /^made/m);
  const health = plan.steps.find(({ id }) => id === 'health')?.actions ?? [];
  assert.match(
    health.flatMap((action) => (action.kind === 'write' ? [`${action.path} ${String(action.text)}`] : [])).join('\n'),
    /deployments\/1\/healthy[\s\S]*^deployment 1$/m,
  );
});

test('the links of a deployment lead to its release, and the record is written last', () => {
  const desired = desiredOf();
  const actions = planHost(desired, bare()).steps.find(({ id }) => id === 'deployment')?.actions ?? [];
  assert.deepEqual(
    actions.flatMap((action) => (action.kind === 'link' ? [[action.path, action.target]] : [])),
    ['gateway', 'gateway.mjs'].map((name) => [
      `/opt/litellm/deployments/1/${name}`,
      `../../releases/${desired.release.id}/${name}`,
    ]),
  );
  const last = actions.at(-1);
  assert.equal(last?.kind === 'write' && last.path, '/opt/litellm/deployments/1/deployment.json');
});

test('a deployment has no secret, in its files and in its record', () => {
  const desired = desiredOf({ masterKey: { state: 'set', key: KEY, where: {} } });
  const step = planHost(desired, bare()).steps.find(({ id }) => id === 'deployment');
  const text = JSON.stringify(step);
  assert.ok(!text.includes(KEY.reveal()) && !text.includes('litellm.env",'), 'the key');
  assert.ok(step?.actions.every((action) => action.kind !== 'write' || !action.path.endsWith('files/litellm.env')));
});

test('an unchanged host gets no deployment, and neither does one whose confirmed state is started again', () => {
  const desired = desiredOf();
  assert.deepEqual(idsOf(planHost(desired, installed(desired))), []);
  const { installation } = installed(desired);
  const stopped = installed(desired, {
    service: installation.service === undefined ? undefined : { ...installation.service, active: 'inactive' },
  });
  assert.deepEqual(idsOf(planHost(desired, stopped)), ['service.start', 'health']);
});

test('a changed configuration is a deployment of its own, of kind reload', () => {
  const plan = planHost(desiredOf({ routingStrategy: 'simple-shuffle' }), installed(desiredOf()));
  const record = parseDeployment(written(plan, '/opt/litellm/deployments/2/deployment.json') ?? '');
  assert.deepEqual([record?.number, record?.kind], [2, 'reload']);
  assert.deepEqual(
    record?.changed.map(({ id }) => id),
    ['files.config.yaml', 'service.start'],
  );
});

test('numbers grow by one, and the number of a failed or a moved deployment is not given again', () => {
  const before = installed(desiredOf());
  const failed = {
    ...before.installation.deployments[0],
    number: 7,
    healthy: false,
    release: undefined,
    record: undefined,
    format: undefined,
  };
  const changed = desiredOf({ routingStrategy: 'simple-shuffle' });
  const titles = (over: Partial<typeof before.installation>, footprint = before.footprint): string | undefined =>
    planHost(changed, { ...before, installation: { ...before.installation, ...over }, footprint }).steps.find(
      ({ id }) => id === 'deployment',
    )?.title;
  assert.equal(titles({ deployments: [...before.installation.deployments, failed] }), 'record deployment 8');
  const markers = new Map([['/srv/former', { made: [], used: [], confirmed: undefined, deployment: 11 }]]);
  assert.equal(titles({}, { ...before.footprint, markers }), 'record deployment 12');
});

test('the running state of a host without deployments becomes number 1 if it is known for certain', () => {
  const desired = desiredOf();
  const { notes, ...rest } = installed(desired).installation;
  const older = installed(desired, {
    deployments: [],
    ...(notes === undefined ? {} : { notes: { made: notes.made, used: notes.used, confirmed: notes.confirmed } }),
  });
  assert.deepEqual(idsOf(planHost(desired, older)), []);
  const changed = desiredOf({ routingStrategy: 'simple-shuffle' });
  const plan = planHost(changed, older);
  assert.deepEqual(idsOf(plan).slice(0, 2), ['deployment.adopt', 'deployment']);
  const record = parseDeployment(written(plan, '/opt/litellm/deployments/1/deployment.json') ?? '');
  assert.deepEqual([record?.at, record?.release.id, record?.settings.port], [undefined, desired.release.id, 4000]);
  assert.equal(written(plan, '/opt/litellm/deployments/1/files/litellm.env'), undefined);
  assert.match(written(plan, '/opt/litellm/deployments/2/files/config.yaml') ?? '', /simple-shuffle/);
  // A file that was edited since is not what was confirmed.
  const entries = new Map(rest.entries);
  const config = entries.get('/etc/litellm/config.yaml');
  if (config !== undefined) entries.set('/etc/litellm/config.yaml', { ...config, sha256: 'other' });
  const edited = { ...older, installation: { ...older.installation, entries } };
  assert.deepEqual(idsOf(planHost(changed, edited))[0], 'deployment');
});

test('the running deployment is the one that was confirmed, not the newest', () => {
  const { installation } = installed(desiredOf());
  const one = { number: 1, healthy: true, release: undefined, record: undefined, format: undefined };
  const deployments = [one, { ...one, number: 2, healthy: false }];
  assert.equal(runningDeployment({ ...installation, deployments }), 1);
  const confirmed = { made: [], used: [], confirmed: 'x' };
  assert.equal(runningDeployment({ ...installation, deployments, notes: confirmed }), 1);
  assert.equal(runningDeployment({ ...installation, deployments, notes: undefined }), undefined);
});

test('a record is read as it was written, and a part of one is none', () => {
  const plan = planHost(desiredOf(), bare());
  const text = written(plan, '/opt/litellm/deployments/1/deployment.json') ?? '';
  const record = parseDeployment(text);
  assert.ok(record !== undefined);
  assert.equal(writeDeployment(record), text);
  for (const part of [text.slice(0, -20), '', '[]', '{"number":1}', text.replace('"0640"', '640')])
    assert.equal(parseDeployment(part), undefined, part.slice(-40));
});
