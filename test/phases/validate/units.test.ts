import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeUnits } from '../../../src/phases/validate/units.ts';

test('words of a start file of the login shell are none of systemd’s', () => {
  const noise = 'welcome\n\u001B]0;deploy@gw\u0007';
  assert.equal(judgeUnits(0, noise).outcome, 'pass');
  const warned = judgeUnits(0, `${noise}./litellm.service:12: Unknown key name 'Foo'\n`);
  assert.deepEqual([warned.outcome, warned.seen], ['fail', "./litellm.service:12: Unknown key name 'Foo'"]);
  assert.equal(judgeUnits(69, noise).outcome, 'not-applicable');
});
