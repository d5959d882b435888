import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { FUNCTIONS } from '../../src/apply/functions.ts';
import { tlsServer } from '../certificates/tls-server.ts';

async function probe(port: number, runtime: string): Promise<string> {
  const bash = spawn('bash', ['-c', `${FUNCTIONS}\nprobe 127.0.0.1 ${String(port)} /health/readiness '${runtime}'`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return text(bash.stdout);
}

test('the health of a gateway is asked over plain HTTP, and over TLS where that gets no answer', async () => {
  await using plain = createServer((_request, response) => void response.writeHead(204).end());
  await new Promise<void>((resolve) => {
    plain.listen(0, '127.0.0.1', resolve);
  });
  const { port } = plain.address() as AddressInfo;
  assert.match(await probe(port, process.execPath), /^HTTP\/1\.1 204 /);
  // Its certificate has expired: health is no question of trust.
  await using secure = await tlsServer('expired', (_request, response) => void response.writeHead(503).end());
  assert.equal(await probe(secure.port, process.execPath), 'HTTP/1.1 503 ');
  assert.equal(await probe(secure.port, '/nowhere/node'), '');
  assert.equal(await probe(9, process.execPath), '');
});

test('the check of a configuration takes a certificate and key that lie beside their places, each for itself', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hxllm-check-'));
  try {
    const at = (name: string): string => join(folder, name);
    writeFileSync(at('gateway'), '#!/bin/sh\ncat -- "$3"\n', { mode: 0o755 });
    const lines = (cert: string, key: string): string =>
      `hxllm:\n  tls:\n    cert: ${at(cert)}\n    key: "${at(key)}"\n`;
    writeFileSync(at('config.yaml'), 'old: 1\n');
    writeFileSync(at('config.yaml.hxllm-new'), lines('tls-cert.pem', 'tls-key.pem'));
    const check = (): string =>
      execFileSync('bash', ['-c', `${FUNCTIONS}\ncheck '${at('gateway')}' '${at('config.yaml')}' - '${at('none')}'`], {
        encoding: 'utf8',
        env: { ...process.env, TMPDIR: folder },
      });
    assert.equal(check(), lines('tls-cert.pem', 'tls-key.pem'));
    writeFileSync(at('tls-cert.pem.hxllm-new'), 'a');
    assert.equal(check(), lines('tls-cert.pem.hxllm-new', 'tls-key.pem'));
    writeFileSync(at('tls-key.pem.hxllm-new'), 'a');
    assert.equal(check(), lines('tls-cert.pem.hxllm-new', 'tls-key.pem.hxllm-new'));
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('tmp.')),
      [],
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
