import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { ResponseInputItem } from 'openai/resources/responses/responses';
import { startSdkStage } from './sdk-stage.ts';

const { client, stop } = await startSdkStage();
after(stop);

const WEATHER = {
  type: 'function' as const,
  name: 'get_weather',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  },
  strict: true,
};

for (const prefix of ['', 'openai-']) {
  test(`${prefix}phi: a response in one piece and the same streamed say the same`, async () => {
    const asked = { model: `${prefix}phi`, input: 'Tell me a story', seed: 1 };
    const whole = await client.responses.create(asked);
    assert.deepEqual(
      [whole.object, whole.status, whole.model, whole.previous_response_id, whole.truncation],
      ['response', 'completed', `${prefix}phi`, null, 'disabled'],
    );
    assert.match(
      `${whole.id} ${whole.output[0]?.id ?? ''} ${whole._request_id ?? ''}`,
      /^resp_[0-9a-f]{32} msg_[0-9a-f]{32} req_/,
    );
    assert.ok(whole.output_text.length > 0 && (whole.usage?.output_tokens ?? 0) > 0);
    const stream = client.responses.stream(asked);
    let text = '';
    stream.on('response.output_text.delta', ({ delta }) => {
      text += delta;
    });
    const final = await stream.finalResponse();
    assert.deepEqual([text, final.output_text, final.usage], [whole.output_text, whole.output_text, whole.usage]);
  });

  test(`${prefix}tools: a tool is called, and what it answered is taken`, async () => {
    const input: ResponseInputItem[] = [{ role: 'user', content: 'What is the weather in Paris?' }];
    const first = await client.responses.create({ model: `${prefix}tools`, input, tools: [WEATHER] });
    const call = first.output.find((item) => item.type === 'function_call');
    assert.ok(call !== undefined && call.name === 'get_weather');
    assert.equal(typeof (JSON.parse(call.arguments) as { city: unknown }).city, 'string');
    assert.match(call.call_id, /^call_/);
    input.push(...(first.output as ResponseInputItem[]), {
      type: 'function_call_output',
      call_id: call.call_id,
      output: 'sunny',
    }); // output items are valid input items
    const second = await client.responses.create({
      model: `${prefix}tools`,
      input,
      tools: [{ ...WEATHER, name: 'nothing_like_it' }],
    });
    assert.equal(second.status, 'completed');
    const streamed = await client.responses
      .stream({ model: `${prefix}tools`, input: 'What is the weather in Paris?', tools: [WEATHER] })
      .finalResponse();
    assert.equal(streamed.output[0]?.type, 'function_call');
  });
}

test('a parameter without effect is named, on every kind of server', async () => {
  for (const model of ['phi', 'openai-phi']) {
    const { response } = await client.responses
      .create({ model, input: 'hi', store: true, reasoning: { effort: 'high' }, tools: [{ type: 'web_search' }] })
      .withResponse();
    const named = response.headers.get('x-hxllm-ignored-params') ?? '';
    assert.match(named, /^tools\.web_search, store/, model);
    if (model === 'phi') assert.match(named, /reasoning\.effort/);
  }
});

test('a call that has to be made is made', async () => {
  const { output } = await client.responses.create({
    model: 'tools',
    input: 'Hello',
    tools: [WEATHER],
    tool_choice: 'required',
  });
  assert.equal(output[0]?.type, 'function_call');
});

test('events come one by one, numbered', async () => {
  const numbers: number[] = [];
  let last = '';
  for await (const event of await client.responses.create({ model: 'phi', input: 'hi', stream: true })) {
    numbers.push(event.sequence_number);
    last = event.type;
  }
  assert.deepEqual([numbers, last], [numbers.map((_number, index) => index), 'response.completed']);
});

test('a limit makes a response incomplete', async () => {
  for (const stream of [false, true]) {
    const asked = { model: 'phi', input: 'Tell me a story', max_output_tokens: 2 };
    const {
      status,
      incomplete_details: details,
      usage,
    } = stream ? await client.responses.stream(asked).finalResponse() : await client.responses.create(asked);
    assert.deepEqual([status, details, usage?.output_tokens], ['incomplete', { reason: 'max_output_tokens' }, 2]);
  }
});

test('a schema is kept to, and the SDK parses what comes', async () => {
  const schema = {
    type: 'object',
    properties: { city: { type: 'string' }, degrees: { type: 'integer' } },
    required: ['city', 'degrees'],
    additionalProperties: false,
  };
  const parsed = await client.responses.parse<
    {
      readonly model: string;
      readonly input: string;
      readonly text: {
        readonly format: {
          readonly type: 'json_schema';
          readonly name: string;
          readonly schema: typeof schema;
          readonly strict: true;
        };
      };
    },
    { city: string; degrees: number }
  >({
    model: 'phi',
    input: 'Weather?',
    text: { format: { type: 'json_schema', name: 'weather', schema, strict: true } },
  });
  assert.deepEqual(
    [typeof parsed.output_parsed?.city, Number.isInteger(parsed.output_parsed?.degrees)],
    ['string', true],
  );
  const { output_text: text } = await client.responses.create({
    model: 'phi',
    input: 'JSON!',
    text: { format: { type: 'json_object' } },
  });
  assert.equal(typeof JSON.parse(text), 'object');
});

test('thoughts come as an item of their own, as they are or in the place of a summary', async () => {
  const plain = await client.responses.create({ model: 'thinks', input: 'Think!', reasoning: { effort: 'high' } });
  const [thought] = plain.output;
  assert.ok(
    thought?.type === 'reasoning' && (thought.content?.[0]?.text.length ?? 0) > 0 && thought.summary.length === 0,
  );
  assert.ok((plain.usage?.output_tokens_details.reasoning_tokens ?? 0) > 0);
  const summed = await client.responses
    .stream({ model: 'thinks', input: 'Think!', reasoning: { effort: 'high', summary: 'auto' } })
    .finalResponse();
  assert.ok(summed.output[0]?.type === 'reasoning' && (summed.output[0].summary[0]?.text.length ?? 0) > 0);
  const none = await client.responses.create({ model: 'thinks', input: 'Do not', reasoning: { effort: 'none' } });
  assert.equal(none.output[0]?.type, 'message');
});
