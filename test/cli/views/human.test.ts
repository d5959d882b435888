import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHumanView } from '../../../src/cli/views/human.ts';
import { wantsColour } from '../../../src/cli/views/paint.ts';
import type { View } from '../../../src/cli/views/view.ts';
import type { PhaseOutcome } from '../../../src/cli/run/outcome.ts';
import {
  failed,
  notApplicable,
  pass,
  unknown,
  type CheckResult,
  type Severity,
  type Verdict,
} from '../../../src/core/verdict.ts';
import { fakeTerminal, type FakeOptions, type FakeTerminal } from '../fake-terminal.ts';

function seeing(options: FakeOptions = {}, verbose = false): { readonly view: View; readonly terminal: FakeTerminal } {
  const terminal = fakeTerminal(options);
  return { terminal, view: createHumanView(terminal, terminal.stdout, verbose) };
}

function check(
  title: string,
  verdict: Verdict,
  host = 'h1',
  severity: Severity = 'error',
): { readonly kind: 'check'; readonly result: CheckResult } {
  return { kind: 'check', result: { id: `x.${title.replaceAll(' ', '-')}`, title, severity, host, ...verdict } };
}

const OUTCOME: PhaseOutcome = {
  phase: 'preflight',
  ending: 'passed',
  exitCode: 0,
  startedAt: '',
  durationMs: 1234,
  evidence: undefined,
  hosts: [],
  changes: 0,
  results: [],
  problems: [],
  warnings: [],
  steps: [],
  notes: [],
};

test('a check that fails shows the expected and the found state, and a fix that can be copied whole', () => {
  const { view, terminal } = seeing({ columns: 43 });
  view.event(
    check(
      'the port is free',
      failed(
        'nothing on port 4000 of the host',
        'nginx holds it since the day before yesterday',
        'sudo systemctl disable --now nginx && sudo ss -ltnp',
      ),
    ),
  );
  assert.equal(
    terminal.written.out,
    [
      '  ✗ the port is free [x.the-port-is-free]',
      '      expected nothing on port 4000 of the',
      '               host',
      '      found    nginx holds it since the day',
      '               before yesterday',
      '      fix      sudo systemctl disable --now nginx && sudo ss -ltnp',
      '',
    ].join('\n'),
  );
});

test('with several hosts, lines stand below their host’s name, which is repeated after lines of another host', () => {
  const { view, terminal } = seeing();
  view.hosts(['h1', 'h2']);
  for (const host of ['h1', 'h1', 'h2', 'h1']) view.event(check('it is', pass('so'), host));
  view.event({ kind: 'note', host: '-', text: 'about all' });
  view.event(check('it is', pass('so'), 'h1'));
  assert.equal(
    terminal.written.out,
    [
      '  h1',
      '    ✓ it is: so',
      '    ✓ it is: so',
      '  h2',
      '    ✓ it is: so',
      '  h1',
      '    ✓ it is: so',
      '  › about all',
      '  h1',
      '    ✓ it is: so',
      '',
    ].join('\n'),
  );
});

test('checks skipped for one reason are one line; under -v each has its own', () => {
  const skipped: Verdict = { outcome: 'skip', seen: 'not judged because ssh.reachable did not pass' };
  const { view, terminal } = seeing();
  for (const title of ['a', 'b', 'c']) view.event(check(title, skipped));
  view.event(check('d', pass('fine')));
  view.event(check('e', skipped));
  view.end(OUTCOME, undefined);
  assert.match(
    terminal.written.out,
    /^ {2}– 3 checks not judged because ssh\.reachable did not pass\n {2}✓ d: fine\n {2}– 1 check not judged/,
  );
  const verbose = seeing({}, true);
  for (const title of ['a', 'b']) verbose.view.event(check(title, skipped));
  assert.equal(verbose.terminal.written.out.match(/not judged/g)?.length, 2);
});

test('every outcome has its own sign, and a word if the locale is not UTF-8', () => {
  const verdicts: readonly (readonly [Verdict, Severity])[] = [
    [pass('p'), 'error'],
    [failed('w', 's', 'f'), 'error'],
    [failed('w', 's', 'f'), 'warning'],
    [unknown('why'), 'error'],
    [notApplicable('n'), 'error'],
  ];
  const signs = (environment: Readonly<Record<string, string>>): readonly (string | undefined)[] => {
    const { view, terminal } = seeing({ environment });
    for (const [verdict, severity] of verdicts) view.event(check('TITLE', verdict, 'h1', severity));
    return terminal.written.out
      .split('\n')
      .filter((line) => line.includes('TITLE'))
      .map((line) => line.trim().split(' ')[0]);
  };
  assert.deepEqual(signs({ LANG: 'de_DE.UTF-8' }), ['✓', '✗', '!', '?', '–']);
  assert.deepEqual(signs({ LANG: 'C' }), ['ok', 'FAILED', 'warning', 'UNKNOWN', '-']);
  assert.deepEqual(signs({ LANG: 'C', LC_ALL: 'C.UTF-8' }), ['✓', '✗', '!', '?', '–']);
});

test('results go to stdout, problems and warnings to stderr', () => {
  const { view, terminal } = seeing();
  const problem = {
    code: 'config.yaml',
    summary: 'a YAML file does not parse',
    detail: 'Expected a mapping, found a list.',
    fix: 'nano main.yml',
    where: { file: 'main.yml', line: 3, path: 'litellm_models' },
  };
  view.event({ kind: 'problem', problem });
  view.warning(problem);
  assert.equal(terminal.written.out, '');
  assert.equal(
    terminal.written.err,
    ['✗', '!']
      .map((sign) =>
        [
          `  ${sign} a YAML file does not parse`,
          '      where    main.yml:3: litellm_models',
          '      detail   Expected a mapping, found a list.',
          '      fix      nano main.yml',
          '',
        ].join('\n'),
      )
      .join(''),
  );
});

test('a step that begins has no line; a step that ended has one with its detail', () => {
  const { view, terminal } = seeing();
  const step = { kind: 'step', host: 'h1', id: 'files.config', title: 'write config.yaml' } as const;
  view.event({ ...step, state: 'planned', detail: '- old: 1\n+ new:   2' });
  view.event({ ...step, state: 'started' });
  view.event({ ...step, state: 'done', durationMs: 1500 });
  view.event({ ...step, state: 'failed', detail: 'no space' });
  assert.equal(
    terminal.written.out,
    [
      '  + write config.yaml',
      '      - old: 1',
      '      + new:   2',
      '  ✓ write config.yaml (1.5 s)',
      '  ✗ write config.yaml',
      '      no space',
      '',
    ].join('\n'),
  );
});

test('the last lines have the counts, the evidence, the next command, and after a failure a page', () => {
  const { view, terminal } = seeing({ cwd: '/work' });
  const results = [
    check('a', pass('')),
    check('b', failed('', '', '')),
    check('c', failed('', '', ''), 'h1', 'warning'),
    check('d', unknown('')),
  ].map(({ result }) => result);
  view.end({ ...OUTCOME, ending: 'failed', results, evidence: '/work/evidence/preflight/1' }, 'hxllm preflight');
  assert.equal(
    terminal.written.out,
    [
      '✗ preflight failed: 1 failed, 1 unknown, 1 passed, 1 warning (1.2 s)',
      '  evidence evidence/preflight/1',
      '  next     hxllm preflight',
      '  help     hxllm docs install',
      '',
    ].join('\n'),
  );
});

test('colour is for terminals, unless the environment says otherwise', () => {
  assert.equal(wantsColour({}, true), true);
  assert.equal(wantsColour({}, false), false);
  assert.equal(wantsColour({ NO_COLOR: '1' }, true), false);
  assert.equal(wantsColour({ NO_COLOR: '' }, true), true);
  assert.equal(wantsColour({ TERM: 'dumb' }, true), false);
  assert.equal(wantsColour({ FORCE_COLOR: '1', NO_COLOR: '1' }, false), true);
  assert.equal(wantsColour({ FORCE_COLOR: '0' }, true), false);
});

test('the line of a passed check is cut to the width, and whole under -v', () => {
  const long = check('disk', pass('a great many mebibytes are free on a file system with a long name'));
  const { view, terminal } = seeing({ columns: 40 });
  view.event(long);
  assert.equal(terminal.written.out, '  ✓ disk: a great many mebibytes are fr…\n');
  const verbose = seeing({ columns: 40 }, true);
  verbose.view.event(long);
  assert.match(verbose.terminal.written.out, /with a long\n {4}name \[x\.disk\]\n$/);
});

test('a new file is shown by its number of lines, and line by line with --diff', () => {
  const detail = Array.from({ length: 20 }, (_, index) => `+ line ${String(index)}`).join('\n');
  const step = { kind: 'step', host: 'h', id: 'files.new', title: 'write /etc/new', state: 'planned', detail } as const;
  const [counted, whole] = [false, true].map((wholeFiles) => {
    const terminal = fakeTerminal();
    createHumanView(terminal, terminal.stdout, false, wholeFiles).event(step);
    return terminal.written.out;
  });
  assert.match(counted ?? '', /new, 20 lines \(--diff shows them\)/);
  assert.doesNotMatch(counted ?? '', /line 7/);
  assert.match(whole ?? '', /\+ line 19/);
});
