import { exchange, refusals, type Case } from '../case.ts';

const USER = [{ role: 'user', content: 'x' }];
const TOOLS = [
  { type: 'function', function: { name: 'f', description: '', parameters: { type: 'object', properties: {} } } },
];
const LONG = 'word '.repeat(700);
const TOO_LONG = 'the input length exceeds the context length';
const CLOUD = 'ollama cloud is disabled: remote model is unavailable';

const chat = (more: object): object => ({ model: 'tiny', messages: USER, ...more });

const NATIVE_CHAT = refusals('/api/chat', [
  ['', 400, 'missing request body'],
  ['{', 400, 'unexpected EOF'],
  ['{"model":"tiny', 400, 'unexpected EOF'],
  ['{"model": wat}', 400, "invalid character 'w' looking for beginning of value"],
  ['[]', 400, 'json: cannot unmarshal array into Go value of type api.ChatRequest'],
  [{}, 400, 'model is required'],
  [{ model: 'nope', messages: USER }, 404, "model 'nope' not found"],
  [{ model: 'x/tiny' }, 404, "model 'x/tiny' not found"],
  [{ model: 'a b' }, 400, 'invalid model name'],
  [{ model: 'tiny:cloud' }, 403, CLOUD],
  [{ model: 5 }, 400, 'json: cannot unmarshal number into Go struct field ChatRequest.model of type string'],
  [
    chat({ messages: 'x' }),
    400,
    'json: cannot unmarshal string into Go struct field ChatRequest.messages of type []api.Message',
  ],
  [
    chat({ messages: [{ role: 'user', content: 5 }] }),
    400,
    'json: cannot unmarshal number into Go struct field ChatRequest.messages.content of type string',
  ],
  [chat({ stream: 'x' }), 400, 'json: cannot unmarshal string into Go struct field ChatRequest.stream of type bool'],
  [
    chat({ options: 'x' }),
    400,
    'json: cannot unmarshal string into Go struct field ChatRequest.options of type map[string]interface {}',
  ],
  [chat({ options: { temperature: 'x' } }), 500, 'option "temperature" must be of type float32'],
  [chat({ options: { num_predict: 'x' } }), 500, 'option "num_predict" must be of type integer'],
  [chat({ options: { use_mmap: 'x' } }), 500, 'option "use_mmap" must be of type boolean'],
  [chat({ options: { stop: 'x' } }), 500, 'option "stop" must be of type array'],
  [chat({ options: { stop: ['a', 5] } }), 500, 'option "stop" must be of an array of strings'],
  [chat({ format: 'wat' }), 500, String.raw`invalid format: "\"wat\""; expected "json" or a valid JSON Schema object`],
  [chat({ think: true }), 400, '"tiny" does not support thinking'],
  [chat({ think: 'wat' }), 400, 'invalid think value: "wat" (must be "high", "medium", "low", "max", true, or false)'],
  [chat({ think: 5 }), 400, 'think must be a boolean or string ("high", "medium", "low", "max", true, or false)'],
  [chat({ top_logprobs: 30 }), 400, 'top_logprobs must be between 0 and 20'],
  [
    chat({ model: 'tiny-plain', tools: TOOLS }),
    400,
    'registry.ollama.ai/library/tiny-plain:latest does not support tools',
  ],
  [{ model: 'tiny-plain', messages: [{ role: 'user', content: LONG }], truncate: false }, 400, TOO_LONG],
  [{ model: 'tiny-plain', messages: [{ role: 'user', content: LONG }], truncate: false, stream: false }, 400, TOO_LONG],
]);

const NATIVE_OTHERS = [
  ...refusals('/api/generate', [
    [{ prompt: 'x' }, 404, "model '' not found"],
    [{ model: 'a b' }, 400, 'invalid model name'],
    [{ model: 'nope', keep_alive: 0 }, 404, "model 'nope' not found"],
    [{ model: 'tiny-plain', prompt: LONG, truncate: false }, 400, TOO_LONG],
    [
      { model: 'tiny', prompt: 'x', suffix: 'y' },
      400,
      'registry.ollama.ai/library/tiny:latest does not support insert',
    ],
    [{ model: 'tiny', prompt: 'x', think: true }, 400, '"tiny" does not support thinking'],
  ]),
  ...refusals('/api/embed', [
    [{ input: 'x' }, 404, "model '' not found"],
    [{ model: 'nope', input: 'x' }, 404, 'model "nope" not found, try pulling it first'],
    [{ model: 'tiny', input: 5 }, 400, 'invalid input type'],
    [{ model: 'tiny', input: [5] }, 400, 'invalid input type'],
    [{ model: 'tiny-plain', input: LONG, truncate: false }, 400, TOO_LONG],
  ]),
  ...refusals('/api/embeddings', [
    [{ prompt: 'x' }, 400, 'model is required'],
    [{ model: 'nope', prompt: 'x' }, 404, 'model "nope" not found, try pulling it first'],
  ]),
  ...refusals('/api/show', [
    ['', 400, 'missing request body'],
    [{}, 400, 'model is required'],
    [{ model: 'nope' }, 404, "model 'nope' not found"],
    [{ model: 'a b' }, 400, 'invalid model name'],
  ]),
];

const OPENAI = [
  ...refusals('/v1/chat/completions', [
    ['', 400, 'EOF'],
    ['{', 400, 'unexpected EOF'],
    [{ model: 'tiny' }, 400, "[] is too short - 'messages'"],
    [{ messages: USER }, 400, 'model is required'],
    [chat({ model: 'nope' }), 404, "model 'nope' not found"],
    [chat({ model: 'a b' }), 400, 'invalid model name'],
    [
      chat({ model: 5 }),
      400,
      'json: cannot unmarshal number into Go struct field ChatCompletionRequest.model of type string',
    ],
    [
      chat({ temperature: 'x' }),
      400,
      'json: cannot unmarshal string into Go struct field ChatCompletionRequest.temperature of type float64',
    ],
    [chat({ messages: [{ role: 'user', content: 5 }] }), 400, 'invalid message content type: float64'],
    [chat({ messages: [{ role: 'user', content: null }] }), 400, 'invalid message content type: <nil>'],
    [chat({ messages: [{ role: 'user' }] }), 400, 'invalid message content type: <nil>'],
    [chat({ messages: [{ role: 'user', content: [{ type: 'wat' }] }] }), 400, 'invalid message format'],
    [
      chat({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'http://x/y.png' } }] }] }),
      400,
      'image URLs are not currently supported, please use base64 encoded data instead',
    ],
    [
      chat({
        messages: [
          { role: 'assistant', tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{' } }] },
        ],
      }),
      400,
      'invalid tool call arguments',
    ],
    [
      chat({ model: 'tiny-plain', tools: TOOLS }),
      400,
      'registry.ollama.ai/library/tiny-plain:latest does not support tools',
    ],
    [chat({ reasoning_effort: 'low' }), 400, '"tiny" does not support thinking'],
    [
      chat({ reasoning_effort: 'minimal' }),
      400,
      `invalid reasoning value: 'minimal' (must be "high", "medium", "low", "max", or "none")`,
    ],
  ]),
  ...refusals('/v1/completions', [
    [
      { model: 'tiny', prompt: ['x'] },
      400,
      'json: cannot unmarshal array into Go struct field CompletionRequest.prompt of type string',
    ],
    [
      { model: 'tiny', prompt: 'x', suffix: 'y' },
      400,
      'registry.ollama.ai/library/tiny:latest does not support insert',
    ],
    [{ model: 'tiny', prompt: 'x', stop: [5] }, 400, "invalid type for 'stop' field: float64"],
  ]),
  ...refusals('/v1/embeddings', [
    [{ model: 'tiny' }, 400, 'invalid input'],
    [{ model: 'tiny', input: [] }, 400, 'invalid input'],
    [{ model: 'tiny', input: [1, 2] }, 400, 'invalid input type'],
    [{ model: 'nope', input: 'x' }, 404, 'model "nope" not found, try pulling it first'],
    [
      { model: 'tiny', input: 'x', encoding_format: 'wat' },
      400,
      "Invalid value for 'encoding_format' = wat. Supported values: ['float', 'base64'].",
    ],
  ]),
];

/** Errors, and their texts. */
export const REFUSALS: readonly Case[] = [
  ...NATIVE_CHAT,
  ...NATIVE_OTHERS,
  ...OPENAI,
  exchange({
    name: 'a cloud model on /v1 is refused in the native format',
    path: '/v1/chat/completions',
    body: chat({ model: 'tiny:cloud' }),
    status: 403,
    answer: { error: CLOUD },
  }),
  exchange({
    name: 'a compressed body is not accepted as JSON',
    path: '/api/chat',
    body: Buffer.from([0x1f, 0x8b, 0x08, 0]),
    headers: { 'Content-Encoding': 'gzip' },
    status: 400,
    answer: { error: String.raw`invalid character '\x1f' looking for beginning of value` },
  }),
];
