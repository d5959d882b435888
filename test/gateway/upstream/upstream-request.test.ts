import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ModelRequest, ServerEvent, Usage } from '../../../src/gateway/exchange.ts';
import { readChat } from '../../../src/gateway/api/openai/parsed-request.ts';
import type { WireExchange, WireExchangeListener } from '../../../src/gateway/upstream/wire-exchange.ts';
import type { MissingCapability } from '../../../src/gateway/upstream/adapt-request.ts';
import { UpstreamRequest, type UpstreamTarget } from '../../../src/gateway/upstream/upstream-request.ts';

const TOLD: Usage = { promptTokens: 3, completionTokens: 2 };
const END: ServerEvent = { kind: 'end', reason: 'stop', usage: TOLD };
const NO_TOOLS: ServerEvent = {
  kind: 'failure',
  failure: { kind: 'invalid', code: 'tools_not_supported', fault: 'request', message: '"m" does not support tools' },
};

/** Requests of a silent server, in the order in which they came. */
function silentServer(settle: UpstreamTarget['settle'] = ({ end }) => end.usage): {
  readonly sent: { readonly request: ModelRequest; readonly to: WireExchangeListener }[];
  readonly target: UpstreamTarget;
} {
  const sent: { request: ModelRequest; to: WireExchangeListener }[] = [];
  const missing = new Set<MissingCapability>();
  const dispatch = (request: ModelRequest, to: WireExchangeListener): WireExchange => {
    sent.push({ request, to });
    return { bytes: 1, cancelled: false, cancel: () => undefined } as unknown as WireExchange; // the only part that is used
  };
  return {
    sent,
    target: {
      strict: false,
      truncates: true,
      growsFirst: false,
      missing: () => missing,
      learn: (capability) => missing.add(capability),
      quotes: () => false,
      unsupportedParams: () => [],
      look: () => undefined,
      dispatch,
      settle,
    },
  };
}

function send(target: UpstreamTarget): ServerEvent[] {
  const order = readChat(
    Buffer.from(
      JSON.stringify({
        model: 'm',
        messages: [{ role: 'user', content: 'hi' }],
        tools: [{ type: 'function', function: { name: 'f' } }],
      }),
    ),
    0,
  );
  const request = order.ok ? order.value.subrequests[0]?.request : undefined;
  assert.ok(request !== undefined);
  const heard: ServerEvent[] = [];
  new UpstreamRequest(request, target, {
    onEvents: (events) => {
      heard.push(...events);
    },
    onIgnoredParam: () => undefined,
    onTruncated: () => undefined,
    onGrownContext: () => undefined,
  }).start();
  return heard;
}

test('of two that are refused their tools at the same time both are asked without', () => {
  const { sent, target } = silentServer();
  const heard = [send(target), send(target)];
  for (const { to } of sent.slice(0, 2)) to.onEvents([NO_TOOLS]);
  assert.deepEqual(
    sent.map(({ request }) => request.kind === 'chat' && request.params.tools.length),
    [1, 1, 0, 0],
  );
  for (const { to } of sent.slice(2)) to.onEvents([END]);
  assert.deepEqual(heard, [[END], [END]]);
});

test('a server that refuses what it was not sent is not asked for ever', () => {
  const { sent, target } = silentServer();
  const heard = send(target);
  for (let turn = 0; turn < 9; turn += 1) sent[turn]?.to.onEvents([NO_TOOLS]);
  assert.deepEqual([sent.length, heard], [2, [NO_TOOLS]]);
});

test('an answer is whole although what it cost cannot be estimated', () => {
  const { sent, target } = silentServer(() => {
    throw new RangeError('Maximum call stack size exceeded');
  });
  const heard = send(target);
  sent[0]?.to.onEvents([{ kind: 'text', text: 'hi' }, END]);
  assert.deepEqual(heard, [{ kind: 'text', text: 'hi' }, END]);
});
