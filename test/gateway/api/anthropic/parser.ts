import assert from 'node:assert/strict';

import { Body, readFields } from '../../../../src/gateway/api/dialect/body.ts';
import { readMessageRequest, type MessageReading } from '../../../../src/gateway/api/anthropic/request.ts';

export const REQUEST = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] };

export function read(more: object): MessageReading {
  const reading = readFields(() => readMessageRequest(new Body({ ...REQUEST, ...more }), false));
  assert.ok(reading.ok, JSON.stringify(reading));
  return reading.value;
}
