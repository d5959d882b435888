import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TlsRequest } from '../../../src/core/host.ts';
import { createLocalHost } from '../../../src/remote/local/host.ts';
import { certificateText } from '../../certificates/certificates.ts';
import { tlsServer } from '../../certificates/tls-server.ts';
import { quietPort } from '../../port.ts';

const host = createLocalHost('here', {});
const ROOT = [certificateText('ca.pem')];

async function speak(part: Partial<TlsRequest> & { readonly port: number }, timeoutMs = 5000) {
  const request = { hostname: 'localhost', trusted: ROOT, withOwn: false, ...part };
  return host.tls(request, { signal: new AbortController().signal, timeoutMs });
}

/** The chain and the name of a server with this certificate, judged by these authorities. */
async function judged(name: string, trusted: readonly string[] = ROOT, withOwn = false) {
  await using server = await tlsServer(name);
  const answer = await speak({ port: server.port, trusted, withOwn });
  assert.ok(answer.ok, JSON.stringify(answer));
  const { chainError, nameError, certificates } = answer.value;
  return { chainError, named: nameError === undefined, count: certificates.length };
}

test('chain and name are judged apart, and dates not at all', async () => {
  assert.deepEqual(await judged('good'), { chainError: undefined, named: true, count: 2 });
  assert.deepEqual(await judged('expired'), { chainError: undefined, named: true, count: 2 });
  assert.deepEqual(await judged('future'), { chainError: undefined, named: true, count: 2 });
  assert.deepEqual(await judged('wrong-name'), { chainError: undefined, named: false, count: 2 });
  assert.deepEqual(await judged('leaf'), { chainError: undefined, named: true, count: 3 });
  assert.equal((await judged('untrusted')).chainError, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
});

test('a root that is sent as an earlier authority signed it counts as it is trusted, without the expired signature', async () => {
  await using server = await tlsServer('crossed');
  const answer = await speak({ port: server.port, trusted: [certificateText('modern.pem')] });
  assert.ok(answer.ok && answer.value.chainError === undefined);
  const { certificates } = answer.value;
  assert.deepEqual(
    certificates.map((pem) => new X509Certificate(pem).validTo.slice(-8)),
    ['2055 GMT', '2055 GMT'],
  );
});

test('a certificate that has expired does not hide that nothing vouches for it', async () => {
  assert.equal((await judged('untrusted-expired')).chainError, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  assert.equal((await judged('untrusted-expired', [certificateText('other.pem')])).chainError, undefined);
  assert.notEqual((await judged('expired', [])).chainError, undefined);
});

test('an authority in between is none without its root, as for Node', async () => {
  assert.notEqual((await judged('leaf', [certificateText('between.pem')])).chainError, undefined);
});

test('Node’s own authorities count only where they are asked for, and do not know a private one', async () => {
  assert.notEqual((await judged('good', [], true)).chainError, undefined);
  assert.equal((await judged('good', ROOT, true)).chainError, undefined);
});

test('a request is answered whatever the certificate', async () => {
  await using server = await tlsServer('untrusted');
  const send = 'GET /api/version HTTP/1.0\r\nHost: x\r\nConnection: close\r\n\r\n';
  const answer = await speak({ port: server.port, send });
  assert.match(answer.ok ? answer.value.received : '', /^HTTP\/1\.1 200 OK[\s\S]*\{"version":"0\.22\.1"\}$/);
});

test('a closed port, a server without TLS and a silent one have different reasons', async () => {
  const reason = async (port: number, timeoutMs?: number): Promise<string> => {
    const answer = await speak({ port }, timeoutMs);
    return answer.ok ? 'it answered' : answer.problems[0].summary;
  };
  assert.match(await reason(await quietPort()), /ECONNREFUSED/);
  for (const [said, expected] of [
    ['HTTP/1.1 400 Bad Request\r\n\r\n', /^it does not speak TLS$/],
    [undefined, /^no answer within 0\.3 s$/],
  ] as const) {
    await using server = createServer((socket) => {
      socket.on('error', () => undefined).resume();
      if (said !== undefined) socket.end(said);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo; // a TCP server that listens
    assert.match(await reason(port, said === undefined ? 300 : undefined), expected);
  }
  await using mute = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => {
    mute.listen(0, '127.0.0.1', resolve);
  });
  const { port } = mute.address() as AddressInfo; // a TCP server that listens
  assert.match(await reason(port), /ECONNRESET|closed|disconnected/);
});
