import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Check } from '../../src/core/check.ts';
import { INVENTORY_CHECKS as INVENTORY } from '../../src/phases/inventory/checks.ts';
import { CATALOGUE } from '../../src/phases/preflight/catalogue.ts';
import { checksFor } from '../../src/phases/preflight/checks/index.ts';
import { SMOKE_CHECKS } from '../../src/phases/smoke/run.ts';
import { VALIDATE_CHECKS as VALIDATE } from '../../src/phases/validate/checks.ts';
import { backendsOf, hostOf, modelOf } from './preflight/host.ts';

const { settings } = hostOf('hx', {
  backends: backendsOf('http://hx-llm01-server:11434'),
  models: [modelOf('phi3', 'phi3:3.8b')],
});
type Said = Pick<Check<never>, 'id' | 'title' | 'after'>;
const PHASES: Readonly<Record<string, readonly Said[]>> = {
  preflight: checksFor(settings),
  inventory: INVENTORY,
  validate: VALIDATE,
  smoke: SMOKE_CHECKS,
};
// Names that are always written with a capital.
const NAMES = /^(?:CA|DNS|Kerberos|Ollama|SSSD|Python|SELinux|SSH|HTTP|JSON|Anthropic)\b/;

for (const [phase, checks] of Object.entries(PHASES)) {
  test(`${phase}: ids are subject.claim and each stands for one check, after others that exist`, () => {
    for (const { id } of checks) assert.match(id, /^[a-z]+\.[a-z-]+(?:\[.+\])?$/);
    assert.equal(new Set(checks.map(({ id }) => id)).size, checks.length);
    for (const [index, { after = [] }] of checks.entries())
      for (const id of after)
        assert.ok(
          checks.slice(0, index).some((earlier) => earlier.id === id),
          id,
        );
  });

  test(`${phase}: titles state in one form what holds if the check passes`, () => {
    for (const { title } of checks) assert.ok(/^[a-z\d]/.test(title) || NAMES.test(title), title);
    for (const { title } of checks) assert.doesNotMatch(title, /[.!?]$/);
  });
}

test('every check of preflight says why it asks, how to fix it, and which questions it needs', () => {
  for (const { id, why = '', remedy = '', asks } of CATALOGUE) {
    assert.match(why, /^\w.*\.$/, `why of ${id}, in sentences`);
    assert.match(remedy, /^\w.*\.$/, `remedy of ${id}, in sentences`);
    assert.ok(why.split(/\.(?: |$)/).length <= 4, `why of ${id} in at most three sentences`);
    assert.ok(asks !== undefined, `asks of ${id}, so that --only asks for no more`);
  }
});
