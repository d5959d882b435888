import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ask, ServerEvent, Usage } from '../../../src/gateway/exchange.ts';
import { readChatOrder } from '../../../src/gateway/api/openai/order.ts';
import type { Attempt, AttemptListener } from '../../../src/gateway/upstream/attempt.ts';
import type { Lack } from '../../../src/gateway/upstream/fitting.ts';
import { Sending, type Recipient } from '../../../src/gateway/upstream/sending.ts';

const TOLD: Usage = { promptTokens: 3, completionTokens: 2 };
const END: ServerEvent = { kind: 'end', reason: 'stop', usage: TOLD };
const NO_TOOLS: ServerEvent = {
  kind: 'failure',
  failure: { kind: 'invalid', code: 'tools_not_supported', fault: 'request', message: '"m" does not support tools' },
};

/** Requests of a server that says nothing by itself, in the order in which they came. */
function silentServer(settle: Recipient['settle'] = ({ end }) => end.usage): {
  readonly sent: { readonly asks: Ask; readonly to: AttemptListener }[];
  readonly recipient: Recipient;
} {
  const sent: { asks: Ask; to: AttemptListener }[] = [];
  const lacks = new Set<Lack>();
  const dispatch = (asks: Ask, to: AttemptListener): Attempt => {
    sent.push({ asks, to });
    return { bytes: 1, brokenOff: false, cancel: () => undefined } as unknown as Attempt; // all that is asked of one
  };
  return {
    sent,
    recipient: {
      strict: false,
      lacks: () => lacks,
      learn: (lack) => lacks.add(lack),
      unsaid: () => [],
      look: () => undefined,
      dispatch,
      settle,
    },
  };
}

function send(recipient: Recipient): ServerEvent[] {
  const order = readChatOrder(
    Buffer.from(
      JSON.stringify({
        model: 'm',
        messages: [{ role: 'user', content: 'hi' }],
        tools: [{ type: 'function', function: { name: 'f' } }],
      }),
    ),
    0,
  );
  const asks = order.ok ? order.value.shares[0]?.asks : undefined;
  assert.ok(asks !== undefined);
  const heard: ServerEvent[] = [];
  new Sending(asks, recipient, {
    onEvents: (events) => {
      heard.push(...events);
    },
    onUnmet: () => undefined,
  }).start();
  return heard;
}

test('of two that are refused their tools at the same time both are asked without', () => {
  const { sent, recipient } = silentServer();
  const heard = [send(recipient), send(recipient)];
  for (const { to } of sent.slice(0, 2)) to.onEvents([NO_TOOLS]);
  assert.deepEqual(
    sent.map(({ asks }) => asks.kind === 'chat' && asks.request.tools.length),
    [1, 1, 0, 0],
  );
  for (const { to } of sent.slice(2)) to.onEvents([END]);
  assert.deepEqual(heard, [[END], [END]]);
});

test('a server that refuses what it was not sent is not asked for ever', () => {
  const { sent, recipient } = silentServer();
  const heard = send(recipient);
  for (let turn = 0; turn < 9; turn += 1) sent[turn]?.to.onEvents([NO_TOOLS]);
  assert.deepEqual([sent.length, heard], [2, [NO_TOOLS]]);
});

test('an answer is whole although what it cost cannot be estimated', () => {
  const { sent, recipient } = silentServer(() => {
    throw new RangeError('Maximum call stack size exceeded');
  });
  const heard = send(recipient);
  sent[0]?.to.onEvents([{ kind: 'text', text: 'hi' }, END]);
  assert.deepEqual(heard, [{ kind: 'text', text: 'hi' }, END]);
});
