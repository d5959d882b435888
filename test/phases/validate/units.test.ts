import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeUnits, unitsQuestion } from '../../../src/phases/validate/units.ts';

test('words of a start file of the login shell are none of systemd’s', () => {
  const noise = 'welcome\n\u001B]0;deploy@gw\u0007';
  assert.equal(judgeUnits(0, noise).outcome, 'pass');
  const warned = judgeUnits(0, `${noise}./litellm.service:12: Unknown key name 'Foo'\n`);
  assert.deepEqual([warned.outcome, warned.seen], ['fail', "./litellm.service:12: Unknown key name 'Foo'"]);
  assert.equal(judgeUnits(69, noise).outcome, 'not-applicable');
});

/** The text of litellm.service that systemd gets to see. */
function shownToSystemd(text: string): string | undefined {
  const unit = { name: 'litellm.service', path: '/x', owner: 'root', group: 'root', mode: 0o644 };
  return unitsQuestion([{ ...unit, content: { kind: 'text', text } }]).arguments?.[1];
}

test('the program is replaced by one that every host has, however its line is written', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['ExecStart=/opt/gateway --config x\nUser=a\n', 'ExecStart=/bin/true\nUser=a\n'],
    ['ExecStart=/opt/gateway \\\n  --config x\nUser=a\n', 'ExecStart=/bin/true\nUser=a\n'],
    ['ExecStart=/opt/gateway \\\n# why\n  --config \\\n  x\nUser=a\n', 'ExecStart=/bin/true\nUser=a\n'],
    ['  ExecStart = /opt/gateway\n', 'ExecStart=/bin/true\n'],
    ['ExecStart=\nExecStart=/opt/gateway\n', 'ExecStart=\nExecStart=/bin/true\n'],
    ['ExecStartPre=/opt/x\n# ExecStart=/opt/y\n', 'ExecStartPre=/opt/x\n# ExecStart=/opt/y\n'],
  ];
  for (const [text, wanted] of cases) assert.equal(shownToSystemd(text), wanted, text);
});
