import { absolutePath, flag, list, mapping, number, oneOf, orWord, text, whole } from '../kind.ts';
import { honours, type Section } from '../section.ts';

/** hxllm's own settings. */
export const HXLLM = {
  listen: honours(
    text,
    'The address and port to listen on: `host:port`, `[v6]:port`, or `:port` for all addresses. On a host that `enforce` set up, the socket unit listens, and this key says the same.',
    { example: '127.0.0.1:4000' },
  ),
  master_key_previous: honours(
    text,
    'The master key before a rotation: it works beside `general_settings.master_key` until it is taken out. Without this key, the variable `LITELLM_MASTER_KEY_PREVIOUS` counts; a reference to a variable that is not set is no previous key.',
    { example: 'os.environ/LITELLM_MASTER_KEY_PREVIOUS' },
  ),
  keys: honours(
    list,
    'The keys of clients beside the master key: each serves models, and neither `/health`, `/fleet` nor `/metrics`. A reload brings a change.',
    { example: [{ alias: 'open-webui', hash: 'c6995cf3d887ca2cb717b24344e4e38cfb13dfec39b3d39c30124ecfd26a5ba0' }] },
  ),
  teams: honours(list, 'The teams that keys of clients belong to.', {
    example: [{ alias: 'research', models: ['phi3-3.8b'] }],
  }),
  end_user_limits: honours(
    mapping,
    'The limits of each user whom a key asks for, beside those of the key: its users are named in `user` of the body, or in headers for a key with `trust_user_headers`. 10,000 are remembered.',
    { example: { rpm_limit: 20, tpm_limit: 10_000 } },
  ),
  backends: honours(mapping, 'Settings of backends, by URL as in `api_base`.', {
    example: { 'http://llm01.example.net:11434': { num_parallel: 4 } },
  }),
  tls: honours(
    mapping,
    'The certificate and key that clients are served with: TLS 1.2 and 1.3, HTTP/1.1. Without it, and without LiteLLM’s `--ssl_certfile_path` and `--ssl_keyfile_path`, the gateway speaks plain HTTP. Renewed files are read as soon as they are there, and at each reload; to begin or end with TLS takes a restart.',
    { example: { cert: '/etc/ssl/example.pem', key: '/etc/ssl/private/example.key' } },
  ),
  open: honours(flag, 'Whether a gateway without a master key may listen on addresses other than loopback.', {
    default: false,
  }),
  external: honours(
    flag,
    'Whether entries of `openai/NAME` without an `api_base` go to `https://api.openai.com/v1`. Otherwise they are left out.',
    { default: false },
  ),
  strict: honours(
    flag,
    'Whether a request with a parameter that cannot be honoured is refused. Otherwise the parameter is ignored and named in `x-hxllm-ignored-params`.',
    { default: false },
  ),
  origins: honours(list, 'The origins whose pages may read responses in a browser (CORS).', {
    example: ['https://chat.example'],
    shape: { items: { type: 'string' } },
  }),
  metrics: honours(
    oneOf('key', 'open', 'off'),
    'Access to `/metrics`: with the master key (`key`), without it (`open`), or not at all (`off`).',
    { default: 'key' },
  ),
  metrics_max_keys: honours(
    whole(0),
    'The keys of clients that `/metrics` shows by name, with their teams: the first ones that ask. All others are the key `other`.',
    { unit: 'keys', default: 200 },
  ),
  timeouts: honours(mapping, 'Limits for the phases of a request.'),
  max_body_mib: honours(number(0.001), 'The largest request, compressed or not; a larger one is refused with 413.', {
    unit: 'MiB',
    default: 64,
  }),
  max_bodies_mib: honours(
    number(0.001),
    'The most memory for the bodies of all requests under way, those that wait included; a further request is refused with 503 until there is room. A request alone always has room.',
    { unit: 'MiB', default: 256 },
  ),
  max_queue_wait: honours(
    number(0),
    'The longest wait of a request in the queue, without the time of loads. A request that would probably wait longer is refused at once; both are 503. 0: no limit.',
    { unit: 's', default: 60 },
  ),
  max_queue: honours(whole(0), 'The most requests that wait for one alias; a further one is refused with 503.', {
    unit: 'requests',
    default: 1000,
  }),
  context: honours(
    orWord('fixed', mapping),
    'The context of entries without `num_ctx`. A prompt that does not fit makes it grow, in powers of two, up to the length that the model was trained with and up to `most`; `fixed` leaves it as the server has it. An entry with `num_ctx`, or a model with it in its Modelfile, keeps that.',
    { example: { most: 65_536 } },
  ),
  usage: honours(
    mapping,
    'The records of usage: a row for each request that was sent to a server, with key, user, model, tokens and times.',
  ),
  state_dir: honours(
    absolutePath,
    'The folder for what the gateway has to know after a restart: the contexts that have grown, the keys of its API and the usage. Without it: the `StateDirectory=` of a unit of systemd, else nothing is remembered. A change takes a restart.',
    { example: '/var/lib/litellm' },
  ),
} satisfies Section;

/** `hxllm.tls`. */
export const HXLLM_TLS = {
  cert: honours(absolutePath, 'The certificate, in PEM; those between it and the root follow in the same file.', {
    example: '/etc/ssl/example.pem',
  }),
  key: honours(absolutePath, 'Its private key, in PEM, without a passphrase.', {
    example: '/etc/ssl/private/example.key',
  }),
} satisfies Section;

/** `hxllm.context`, if it is a mapping. */
export const HXLLM_CONTEXT = {
  most: honours(whole(1), 'The longest context that an entry without `num_ctx` grows to.', {
    unit: 'tokens',
    default: 32_768,
  }),
} satisfies Section;

/** `hxllm.usage`. */
export const HXLLM_USAGE = {
  record: honours(
    oneOf('with-keys', 'always', 'never'),
    'Whether requests are recorded, in the folder `hxllm.state_dir`: where there is a key beside the master key (`with-keys`), always, or never. Rows are kept for 90 days, sums of days for three years; neither has a word of prompts and answers.',
    { default: 'with-keys' },
  ),
  sync: honours(
    oneOf('soon', 'always'),
    'When the row of a request is on the disk: within a second (`soon`), so that only a power cut may cost it, or before its answer ends (`always`), which waits for the disk.',
    { default: 'soon' },
  ),
  journal_max_mib: honours(
    number(1),
    'The most room for rows that the database has not taken yet, because it is away or full.',
    {
      unit: 'MiB',
      default: 1024,
    },
  ),
  when_full: honours(
    oneOf('serve', 'refuse'),
    'The way of requests whose rows can be kept nowhere: they are served and the rows counted as lost (`serve`), or refused with 503 (`refuse`).',
    { default: 'serve' },
  ),
  client_address: honours(flag, 'Whether rows have the address of the client.', { default: false }),
} satisfies Section;

/** `hxllm.end_user_limits`. */
export const HXLLM_END_USER_LIMITS = {
  rpm_limit: honours(whole(1), 'As in `hxllm.keys`, for one user.', { unit: 'requests', example: 20 }),
  tpm_limit: honours(whole(1), 'As in `hxllm.keys`, for one user.', { unit: 'tokens', example: 10_000 }),
  max_parallel_requests: honours(whole(1), 'As in `hxllm.keys`, for one user.', { unit: 'requests', example: 2 }),
} satisfies Section;

/** `hxllm.backends.<url>`. */
export const HXLLM_BACKEND = {
  num_parallel: honours(
    whole(1),
    'The requests at once for each model of the backend: its `OLLAMA_NUM_PARALLEL`. The gateway starts with it, else with one, and corrects it by what it sees; for a server with `/v1` it is a limit.',
    { unit: 'requests', example: 4 },
  ),
  max_loaded_models: honours(
    whole(1),
    'The models that the backend holds in memory at once: its `OLLAMA_MAX_LOADED_MODELS`, or fewer if its memory is smaller. Without it, the gateway finds out.',
    { unit: 'models', example: 2 },
  ),
} satisfies Section;

/** `hxllm.timeouts`. */
export const HXLLM_TIMEOUTS = {
  connect: honours(number(0), 'The longest time to open a connection to a backend. 0: no limit.', {
    unit: 's',
    default: 3,
  }),
  first_byte: honours(
    number(0),
    'The longest wait for the first byte of a response, from when a backend has the request; the processing of the prompt is part of it, and so is a load by a backend that loads its models itself. 0: no limit.',
    { unit: 's', default: 600 },
  ),
  load: honours(
    number(0),
    'The longest time for a load of a model. The requests that wait for it count it as load time, not as waiting. 0: no limit.',
    { unit: 's', default: 600 },
  ),
  idle: honours(number(0), 'The longest pause between two chunks of a response. 0: no limit.', {
    unit: 's',
    default: 120,
  }),
  total: honours(number(0), 'The longest time for any response, streamed or not. 0: no limit.', {
    unit: 's',
    default: 0,
  }),
  drain: honours(number(0), 'How long a stopping gateway lets running responses continue. 0: it cuts them at once.', {
    unit: 's',
    default: 60,
  }),
  take_over_drain: honours(
    number(0),
    'How long a gateway lets running responses continue after another instance has taken over its connections to come. 0: it cuts them at once.',
    { unit: 's', default: 600 },
  ),
} satisfies Section;
