import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ownUnitProblems } from '../../src/facts/drop-ins/own-unit.ts';
import type { UnitName } from '../../src/facts/drop-ins/rules.ts';
import { contentText } from '../../src/render/content.ts';
import { egressLines } from '../../src/render/egress.ts';
import { renderHostFiles } from '../../src/render/host-files.ts';
import { expectedUnits } from '../facts/drop-ins/expected-units.ts';
import { backend, settings } from './settings.ts';
import { Secret } from '../../src/core/secret.ts';

const RESTRICTED = settings({
  restrictEgress: true,
  backends: [backend('http://llm01:11434'), backend('https://llm02:443'), backend('http://[fd00::1]:11434')],
});

/** The text of a unit with the restriction. */
function unitText(name: UnitName): string {
  const files = renderHostFiles(RESTRICTED, { key: new Secret('sk-x') });
  const file = files.ok ? files.value.find((each) => each.name === name) : undefined;
  if (file === undefined) throw new Error(`no ${name}`);
  return contentText(file.content) ?? '';
}

/** Runs the script of a command line of systemd with programs that only tell; returns what systemctl was called with. */
function runScript(line: string, words: readonly string[]): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'hxllm-egress-'));
  try {
    const [, quoted = ''] = /-c '(.*?)'/.exec(line) ?? [];
    // As systemd reads $$ and %%.
    const script = quoted
      .replaceAll('$$', '$')
      .replaceAll('%%', '%')
      .replaceAll('/etc/resolv.conf', join(folder, 'resolv.conf'));
    writeFileSync(
      join(folder, 'resolv.conf'),
      'search a\nnameserver 10.0.0.53\nnameserver fe80::1%eth0\nnameserver fd00::53\n',
    );
    for (const [name, text] of [
      ['systemctl', `echo "$*" >> ${folder}/called`],
      ['getent', '[ "$2" != llm02 ] || exit 2; echo "10.0.0.7 STREAM $2"; echo "10.0.0.7 DGRAM"'],
    ] as const)
      writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    execFileSync('/bin/sh', ['-c', script, ...words], {
      env: { PATH: `${folder}:/usr/bin:/bin` },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return readFileSync(join(folder, 'called'), 'utf8').trim().split('\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('an instance may first reach the resolvers, and then the addresses of the backends too', () => {
  const line = egressLines(RESTRICTED).instance.split('\n').at(-1) ?? '';
  assert.match(line, /^ExecStartPre=\+\/bin\/sh -c '[^']*' litellm@%i\.service fd00::1 llm01 llm02$/);
  const call = '--no-ask-password set-property --runtime litellm@3.service IPAddressAllow= IPAddressAllow=';
  assert.deepEqual(runScript(line, ['litellm@3.service', 'fd00::1', 'llm01', 'llm02']), [
    `${call}10.0.0.53 fe80::1 fd00::53`,
    `${call}10.0.0.53 fe80::1 fd00::53 10.0.0.7`,
  ]);
});

test('units with the restriction are what the rules for own templates expect, and only with it', () => {
  const broken = (name: UnitName, restrictEgress: boolean): number =>
    ownUnitProblems(
      { name, text: unitText(name), template: name },
      expectedUnits('', restrictEgress ? { restrictEgress } : {}),
    ).length;
  assert.deepEqual([broken('litellm@.service', true), broken('litellm.service', true)], [0, 0]);
  assert.deepEqual([broken('litellm@.service', false), broken('litellm.service', false)], [2, 0]);
});

test('without the restriction, no line of a unit filters addresses', () => {
  assert.doesNotMatch(egressLines(settings()).instance, /^[^#]/m);
  assert.equal(egressLines(settings()).reload, '');
});

test('a template of the operator that lost the filter is refused', () => {
  const text = '[Service]\nUser=litellm\n';
  const lost = ownUnitProblems(
    { name: 'litellm@.service', text, template: 't' },
    expectedUnits('', { restrictEgress: true }),
  );
  assert.ok(
    lost.some(({ summary }) => summary.includes('IPAddressDeny=')),
    JSON.stringify(lost),
  );
  assert.ok(
    lost.some(({ summary }) => summary.includes('ExecStartPre=')),
    JSON.stringify(lost),
  );
});
