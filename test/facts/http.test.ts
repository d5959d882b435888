import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net';
import { test } from 'node:test';
import { getQuestion, parseGot, type Got } from '../../src/facts/http.ts';
import { ollamaModelsQuestion, ollamaVersionQuestion } from '../../src/facts/ollama.ts';
import type { Answer, Question } from '../../src/facts/question.ts';
import { quietPort } from '../port.ts';

/** Asks with bash on this machine, as a host would. */
function answerOf(question: Question<unknown>): Promise<Answer> {
  return new Promise((resolve) => {
    const child = execFile(
      'bash',
      ['-c', question.script, 'hxllm', ...(question.arguments ?? [])],
      { env: { PATH: process.env['PATH'], LC_ALL: 'C', SHLVL: '1' } },
      (_error, stdout) => {
        resolve({ stdout, exitCode: child.exitCode ?? -1 });
      },
    );
  });
}

/** The product’s own limit for an answer; a name server may take longer to say that a name is unknown. */
const unhurried = (question: Question<Got>): Question<Got> => ({
  ...question,
  arguments: [...(question.arguments ?? []).slice(0, -1), '60'],
});

async function listening(server: Server | TcpServer): Promise<string> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`; // a TCP server that listens
}

const get = async (url: string): Promise<Got> => parseGot(await answerOf(unhurried(getQuestion(url))));

test('bash alone gets an answer, with path, query and Host as in the URL', async () => {
  const seen: string[] = [];
  await using server = createServer((request, response) => {
    seen.push(`${request.url ?? ''} ${request.headers.host ?? ''} HTTP/${request.httpVersion}`);
    response.writeHead(404).end('größe\r\n\r\nrest');
  });
  const url = await listening(server);
  assert.deepEqual(await get(`${url}/base/api?x=%20`), { state: 'answered', status: 404, body: 'größe\r\n\r\nrest' });
  assert.deepEqual(seen, [`/base/api?x=%20 ${new URL(url).host} HTTP/1.0`]);
});

test('a closed port, an unknown name and a silent server have different reasons', async () => {
  await using mute = createTcpServer((socket) => {
    socket.end();
    socket.resume();
  });
  const url = await listening(mute);
  assert.deepEqual(await get(url), { state: 'unreachable', why: 'it closed the connection without an HTTP answer' });
  assert.deepEqual(await get(`http://127.0.0.1:${String(await quietPort())}`), {
    state: 'unreachable',
    why: 'Connection refused',
  });
  const unknown = await get('http://no-such-host.invalid:11434/');
  assert.ok(
    unknown.state === 'unreachable' && /no-such-host\.invalid: .*(?:not known|failure)/.test(unknown.why),
    JSON.stringify(unknown),
  );
});

test(
  'a server that accepts the connection and sends nothing is unreachable after the time limit',
  { timeout: 60_000 },
  async () => {
    await using silent = createTcpServer((socket) => {
      socket.on('error', () => undefined).resume();
    });
    const question = getQuestion(await listening(silent));
    const answer = await answerOf({ ...question, arguments: [...(question.arguments ?? []).slice(0, -1), '0.3'] });
    assert.deepEqual(answer, { stdout: '', exitCode: 28 });
    assert.deepEqual(parseGot(answer), { state: 'unreachable', why: 'no answer within 5 s' });
  },
);

test('a chunked body is joined by bytes, not by characters', () => {
  const stdout =
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n"gr\u00f6\r\n4;x=y\r\n\u00dfe"\r\n0\r\n\r\n';
  assert.deepEqual(parseGot({ stdout, exitCode: 0 }), { state: 'answered', status: 200, body: '"größe"' });
});

test('https travels through the host, and needs no program there', () => {
  const question = getQuestion('https://[::1]/x?y=1');
  assert.deepEqual(question.tls, {
    hostname: '::1',
    port: 443,
    send: 'GET /x?y=1 HTTP/1.0\r\nHost: [::1]\r\nAccept: application/json\r\nConnection: close\r\n\r\n',
  });
  assert.deepEqual(parseGot({ stdout: 'Connection refused', exitCode: 7 }), {
    state: 'unreachable',
    why: 'Connection refused',
  });
});

test('Ollama’s version and models are read; other answers give the reason', async () => {
  const answers: Record<string, string> = {
    '/api/version': '{"version":"0.22.1"}',
    '/api/tags':
      '{"models":[{"name":"phi3:latest","digest":"ab","modified_at":"2026-01-01T00:00:00Z"},{"model":"odd"}]}',
    '/other/api/version': '<html>',
    '/other/api/tags': '{}',
  };
  await using server = createServer((request, response) => {
    const answer = answers[request.url ?? ''];
    response.writeHead(answer === undefined ? 500 : 200).end(answer);
  });
  const url = await listening(server);
  const version = async (base: string) => {
    const question = ollamaVersionQuestion(base);
    return question.parse(await answerOf(question));
  };
  const models = async (base: string) => {
    const question = ollamaModelsQuestion(base);
    return question.parse(await answerOf(question));
  };
  assert.deepEqual(await version(url), { answered: true, value: '0.22.1' });
  assert.deepEqual(await models(url), {
    answered: true,
    value: [{ name: 'phi3:latest', digest: 'ab', modifiedAt: '2026-01-01T00:00:00Z' }],
  });
  assert.deepEqual(await version(`${url}/other`), {
    answered: false,
    why: 'an answer that is not Ollama’s: <html>',
  });
  assert.deepEqual(await models(`${url}/other`), { answered: false, why: 'an answer that is not Ollama’s: {}' });
  assert.deepEqual(await version(`${url}/none`), {
    answered: false,
    why: 'HTTP 500 instead of Ollama’s answer',
  });
});
