export const OPTIONS = { seed: 7, num_predict: 6 };
export const MESSAGES = [
  { role: 'system', content: 'Be short.' },
  { role: 'user', content: 'Say something.' },
];
export const TOOLS = [
  {
    type: 'function',
    function: { name: 'f', description: 'd', parameters: { type: 'object', properties: { a: { type: 'string' } } } },
  },
];

export type Row = readonly [what: string, path: string, body: object | string | undefined];

/** Sent to both servers in this order: each request leaves the server as it was. */
export const ANSWERED: readonly Row[] = [
  ['whether it is there', '/', undefined],
  ['the version', '/api/version', undefined],
  ['a load by chat', '/api/chat', { model: 'tiny' }],
  ['a load by generate', '/api/generate', { model: 'tiny', keep_alive: '10m' }],
  ['the models', '/api/tags', undefined],
  ['the models in memory', '/api/ps', undefined],
  ['a model', '/api/show', { model: 'tiny' }],
  ['a chat, streamed', '/api/chat', { model: 'tiny', messages: MESSAGES, options: OPTIONS }],
  ['a chat in one piece', '/api/chat', { model: 'tiny', messages: MESSAGES, stream: false, options: OPTIONS }],
  [
    'log probabilities',
    '/api/chat',
    { model: 'tiny', messages: MESSAGES, stream: false, logprobs: true, top_logprobs: 2, options: OPTIONS },
  ],
  [
    'log probabilities, streamed',
    '/api/generate',
    { model: 'tiny', prompt: 'Hello', logprobs: true, options: OPTIONS },
  ],
  [
    'an object',
    '/api/chat',
    {
      model: 'tiny',
      messages: MESSAGES,
      stream: false,
      format: { type: 'object', properties: { a: { type: 'boolean' } }, required: ['a'] },
      options: { seed: 7, num_predict: 60 },
    },
  ],
  [
    'a chat with tools',
    '/api/chat',
    { model: 'tiny', messages: MESSAGES, stream: false, tools: TOOLS, options: OPTIONS },
  ],
  [
    'a role of the model’s own',
    '/api/chat',
    { model: 'tiny', messages: [{ role: 'control', content: 'x' }, ...MESSAGES], stream: false, options: OPTIONS },
  ],
  ['a generate, streamed', '/api/generate', { model: 'tiny', prompt: 'Hello', options: OPTIONS }],
  [
    'a generate in one piece',
    '/api/generate',
    { model: 'tiny', prompt: 'Hello', system: 'Be short.', stream: false, options: OPTIONS },
  ],
  [
    'a generate by a template',
    '/api/generate',
    { model: 'tiny', prompt: 'Hello', template: '{{ .Prompt }}', stream: false, options: OPTIONS },
  ],
  [
    'a generate in JSON',
    '/api/generate',
    { model: 'tiny', prompt: 'Hello', format: 'json', stream: false, options: OPTIONS },
  ],
  ['a raw generate', '/api/generate', { model: 'tiny', prompt: 'Hello', raw: true, stream: false, options: OPTIONS }],
  ['several texts', '/api/embed', { model: 'tiny', input: ['a', 'b'] }],
  ['one text, shorter', '/api/embed', { model: 'tiny', input: 'a', dimensions: 8 }],
  ['no text', '/api/embed', { model: 'tiny', input: '' }],
  ['a text in the older way', '/api/embeddings', { model: 'tiny', prompt: 'a' }],
];

export const REFUSED: readonly Row[] = [
  ['an unknown model', '/api/chat', { model: 'nope', messages: MESSAGES }],
  ['an unknown model, in one piece', '/api/generate', { model: 'nope', prompt: 'x', stream: false }],
  ['an unknown model to embed with', '/api/embed', { model: 'nope', input: 'x' }],
  ['an unknown model to show', '/api/show', { model: 'nope' }],
  ['no model', '/api/chat', { messages: MESSAGES }],
  ['no JSON', '/api/chat', '{'],
  ['nothing', '/api/chat', ''],
  ['a number for a text', '/api/chat', { model: 'tiny', messages: [{ role: 'user', content: 3 }] }],
  ['a keep_alive without unit', '/api/chat', { model: 'tiny', messages: MESSAGES, keep_alive: '300' }],
  ['too many log probabilities', '/api/chat', { model: 'tiny', messages: MESSAGES, top_logprobs: 21 }],
  ['an unknown measure of thought', '/api/chat', { model: 'tiny', messages: MESSAGES, think: 'deeply' }],
  ['an image that is none', '/api/chat', { model: 'tiny', messages: [{ role: 'user', content: 'x', images: ['!!'] }] }],
  ['raw with a system', '/api/generate', { model: 'tiny', prompt: 'x', raw: true, system: 's' }],
  ['an insertion', '/api/generate', { model: 'tiny', prompt: 'x', suffix: 'y' }],
  [
    'a prompt that does not fit',
    '/api/generate',
    { model: 'tiny', prompt: 'word '.repeat(3000), truncate: false, stream: false },
  ],
  ['numbers for texts', '/api/embed', { model: 'tiny', input: 7 }],
];
