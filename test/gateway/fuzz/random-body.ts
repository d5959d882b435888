import type { Random } from '../fault/seed.ts';

export function validBody(random: Random): Record<string, unknown> {
  const stream = random.chance(0.4);
  return random.pick<Record<string, unknown>>([
    { model: 'm', messages: [{ role: 'user', content: 'hi' }], stream },
    {
      model: 'm',
      messages: [
        { role: 'system', content: 'x' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'hi' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
          ],
        },
      ],
      stream,
      temperature: 1,
      max_tokens: 5,
      stop: ['a'],
      stream_options: stream ? { include_usage: true } : null,
    },
    {
      model: 'm',
      messages: [
        { role: 'user', content: 'hi' },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
        },
        { role: 'tool', tool_call_id: 'c', content: '1' },
      ],
      tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }],
      tool_choice: 'auto',
      n: 1,
    },
    {
      model: 'm',
      messages: [{ role: 'user', content: 'hi' }],
      response_format: { type: 'json_schema', json_schema: { name: 's', schema: { type: 'object' } } },
      logprobs: true,
      top_logprobs: 2,
      seed: 1,
      reasoning_effort: 'low',
    },
    { model: 'm', prompt: 'hi', max_tokens: 3, stream, echo: false, n: 1 },
    {
      model: 'm',
      instructions: 'be short',
      input: [
        { role: 'user', content: [{ type: 'input_text', text: 'hi' }] },
        { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c', output: '1' },
      ],
      tools: [{ type: 'function', name: 'f' }],
      reasoning: { effort: 'low', summary: 'auto' },
      text: { format: { type: 'json_object' } },
      stream,
    },
    { model: 'm', input: ['a', 'b'], encoding_format: 'base64', dimensions: 3 },
  ]);
}

// A copy with one value replaced, somewhere.
export function twist(random: Random, value: unknown): unknown {
  if (random.chance(0.15)) return oddValue(random);
  if (Array.isArray(value)) {
    const at = random.below(value.length);
    return value.map((one: unknown, index) => (index === at ? twist(random, one) : one));
  }
  if (typeof value !== 'object' || value === null) return oddValue(random);
  const names = Object.keys(value);
  const name = random.chance(0.15)
    ? random.pick(['__proto__', 'constructor', '', 'ключ', 'toString', 'num_ctx', 'user', 'modalities'])
    : (names[random.below(names.length)] ?? 'x');
  const entries = Object.entries(value).filter(([key]) => key !== name);
  return Object.fromEntries(
    random.chance(0.15)
      ? entries
      : [...entries, [name, twist(random, Object.entries(value).find(([key]) => key === name)?.[1])]],
  );
}

function oddValue(random: Random): unknown {
  return random.pick<unknown>([
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e308,
    -0,
    2 ** 53,
    '',
    ' ',
    'm',
    'x'.repeat(random.below(5000)),
    '\u0000',
    '\uD800',
    '😀'.repeat(20),
    '../../etc/passwd',
    'data:image/png;base64,%%%',
    '{',
    [],
    {},
    [[]],
    [null],
    [[1, 2], [3]],
    [''],
    { type: 'function' },
    { role: 'user' },
    nested(random.below(2000)),
    Array.from({ length: random.below(300) }, () => 'a'),
  ]);
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}
