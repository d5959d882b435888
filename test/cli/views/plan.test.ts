import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHumanView } from '../../../src/cli/views/human.ts';
import { totalsOf } from '../../../src/cli/views/plan.ts';
import type { PlannedStep, StepVerb } from '../../../src/core/recorder.ts';
import { fakeTerminal } from '../fake-terminal.ts';

function step(verb: StepVerb, id: string, blocked?: string): PlannedStep {
  return { id, title: `${verb} ${id}`, detail: '', verb, ...(blocked === undefined ? {} : { blocked }) };
}

function shown(plans: Readonly<Record<string, readonly PlannedStep[]>>, environment = {}): string {
  const terminal = fakeTerminal({ environment });
  const view = createHumanView(terminal, terminal.stdout, false);
  view.hosts(Object.keys(plans));
  for (const [host, steps] of Object.entries(plans)) view.event({ kind: 'plan', host, steps });
  return terminal.written.out;
}

test('only changes have the sign of a change; totals by kind and a legend end the plan', () => {
  const steps = [step('check', 'c'), step('write', 'a'), step('write', 'b'), step('restart', 'd')];
  assert.equal(
    shown({ h: steps }),
    [
      '  · check c',
      '  + write a',
      '  + write b',
      '  + restart d',
      '  plan  2 to write, 1 to restart, 1 to check',
      '  signs + changes the host, · only checks',
      '',
    ].join('\n'),
  );
});

test('a step that cannot be planned yet is not counted as a change, and its reason is shown', () => {
  assert.equal(
    shown({ h: [step('write', 'a', 'the vault is locked'), step('remove', 'b')] }),
    [
      '  ? write a',
      '      the vault is locked',
      '  - remove b',
      '  plan  1 to remove, 1 not known yet',
      '  signs - stops or removes, ? not known yet',
      '',
    ].join('\n'),
  );
});

test('with several hosts each has its totals, and the legend is shown once', () => {
  const text = shown({ h1: [step('write', 'a')], h2: [step('write', 'a')] });
  assert.equal(text.match(/^ {4}plan {2}1 to write$/gm)?.length, 2);
  assert.equal(text.match(/signs/g)?.length, 1);
});

test('a locale without signs gets plain ones', () => {
  assert.match(shown({ h: [step('check', 'a')] }, { LANG: 'C' }), /^ {2}\. check a\n {2}plan {2}1 to check\n/);
});

test('kinds are counted in the order of the plan, checks last', () => {
  const steps = (['send', 'check', 'write', 'send', 'check'] as const).map((verb, index) => step(verb, String(index)));
  assert.equal(totalsOf(steps), '2 to send, 1 to write, 2 to check');
  assert.equal(totalsOf([]), '');
});
