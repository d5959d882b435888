import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkSignatures } from '../../src/evidence/signature/check.ts';

// More than a pipe holds: writing it fails when its reader has ended.
const MANIFEST_TEXT = 'x'.repeat(1_000_000);
const SIGNATURE_TEXT = '-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n';
const QUICK =
  '#!/bin/sh\n[ "$2" = find-principals ] && echo ada || echo "Good \\"x\\" signature with ED25519 key SHA256:x"\n';

test('the answer of an ssh-keygen that ends before it has read the manifest counts, and a missing one is named', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hxllm-keygen-'));
  const path = process.env['PATH'];
  t.after(() => {
    process.env['PATH'] = path;
    rmSync(folder, { recursive: true });
  });
  const link = { phase: 'enforce', run: '20261123T231500Z', sha256: '' };
  const run = join(folder, 'enforce/20261123T231500Z');
  mkdirSync(run, { recursive: true });
  writeFileSync(join(run, 'manifest.json'), MANIFEST_TEXT);
  writeFileSync(join(run, 'manifest.json.sig'), SIGNATURE_TEXT);
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/ssh-keygen'), QUICK, { mode: 0o755 });
  process.env['PATH'] = `${join(folder, 'bin')}:${path ?? ''}`;
  for (const signers of [undefined, join(folder, 'signers')])
    assert.deepEqual(checkSignatures(folder, [link], () => true, signers).findings, []);
  process.env['PATH'] = join(folder, 'none');
  for (const signers of [undefined, join(folder, 'signers')])
    assert.match(
      checkSignatures(folder, [link], () => true, signers).findings[0]?.found ?? '',
      /ssh-keygen .* found none/,
    );
});
