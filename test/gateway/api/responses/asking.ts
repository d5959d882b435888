import assert from 'node:assert/strict';
import type { ChatRequest, Failure, Order, ServerEvent } from '../../../../src/gateway/exchange.ts';
import { readResponseOrder } from '../../../../src/gateway/api/responses/order.ts';
import { parseTold, type Told } from './events.ts';

/** Reads a request that should be read. */
export function orderOf(more: object): Order {
  const read = readResponseOrder(Buffer.from(JSON.stringify({ model: 'm', input: 'hi', ...more })), 1_700_000_000_000);
  assert.ok(read.ok, JSON.stringify(read));
  return read.value;
}

/** What it asks of a server. */
export function chatOf(more: object): ChatRequest {
  const asks = orderOf(more).shares[0]?.asks;
  assert.ok(asks?.kind === 'chat');
  return asks.request;
}

/** Why a request is refused. */
export function refusalOf(more: object): Failure {
  const read = readResponseOrder(Buffer.from(JSON.stringify({ model: 'm', input: 'hi', ...more })), 0);
  assert.ok(!read.ok);
  return read.failure;
}

/** The events that a client gets when a server says this. */
export function toldOf(more: object, said: readonly ServerEvent[]): readonly Told[] {
  const order = orderOf({ ...more, stream: true });
  const writer = order.shares[0]?.writer();
  return parseTold(said.map((event) => writer?.write(event) ?? '').join('') + order.close([]));
}

/** The body that a client gets when a server says this. */
export function wholeOf(more: object, said: readonly ServerEvent[]): Readonly<Record<string, unknown>> {
  const order = orderOf(more);
  const writer = order.shares[0]?.writer();
  for (const event of said) assert.equal(writer?.write(event), '');
  return JSON.parse(order.close([])) as Readonly<Record<string, unknown>>;
}

/** The end of an answer. */
export function ended(reason: 'stop' | 'length' | 'tool-calls' = 'stop'): ServerEvent {
  return { kind: 'end', reason, usage: { promptTokens: 5, completionTokens: 3 } };
}
