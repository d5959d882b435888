import assert from 'node:assert/strict';
import { test } from 'node:test';
import { responsesIn } from '../../src/facts/http-responses.ts';

const LENGTH = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nGrü';
const CHUNKED =
  'HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nGrü\r\n2;x=1\r\n\r\n\r\n0\r\nX: y\r\n\r\n';
const OPEN = 'HTTP/1.0 500 No\nServer: x\n\nto the end';

test('responses with a length, in chunks and without an end are told apart, by bytes', () => {
  assert.deepEqual(responsesIn(`HTTP/1.1 100 Continue\r\n\r\n${LENGTH}${CHUNKED}${LENGTH}${OPEN}`), [
    { status: 200, body: 'Grü' },
    { status: 404, body: 'Grü\r\n' },
    { status: 200, body: 'Grü' },
    { status: 500, body: 'to the end' },
  ]);
});

test('a response that was cut, and one that is no HTTP, end the list', () => {
  for (let length = 0; length < LENGTH.length; length++)
    assert.deepEqual(responsesIn(`${LENGTH}${LENGTH.slice(0, length)}`).length, 1, String(length));
  for (let length = 1; length < CHUNKED.length - 1; length++)
    assert.ok(
      responsesIn(CHUNKED.slice(0, length)).length <= (length > CHUNKED.indexOf('0\r\nX') + 2 ? 1 : 0),
      String(length),
    );
  assert.deepEqual(responsesIn('SSH-2.0-OpenSSH\r\n'), []);
  assert.deepEqual(responsesIn(`${LENGTH}noise\r\n${LENGTH}`).length, 1);
});
