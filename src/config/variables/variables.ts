import { DEFAULT_STRATEGY, STRATEGY_NAMES } from '../../core/routing-strategy.ts';
import { DEPLOYMENT_VARIABLES } from './deployment-variables.ts';
import { CLIENT_KEY_KEYS, TEAM_KEYS } from './key-variables.ts';
import { SMOKE_VARIABLES } from './smoke-variables.ts';
import {
  entrySchema,
  flag,
  integer,
  listOf,
  mapping,
  secondsOrDuration,
  text,
  word,
  type VariableRecord,
} from './variable-type.ts';

const ACCOUNT = text('the name of an account without privileges', '(?!root$)[a-z_][a-z0-9_-]{0,31}');
const FOLDER = text('an absolute path', String.raw`(?:/[\w.@+-]+)+/*`);
const ADDRESS = text('an http:// or https:// address', String.raw`\s*https?://\S+\s*`);
const NAME = text('a text without spaces', String.raw`\s*\S+\s*`);

/** The keys of an entry of `litellm_models`. */
export const MODEL_KEYS = {
  name: {
    type: NAME,
    required: true,
    meaning: 'The alias that clients ask for.',
    example: 'phi3-3.8b',
  },
  provider: { type: word('ollama'), meaning: 'The kind of backend; `ollama` is the only one.', default: 'ollama' },
  model: {
    type: NAME,
    required: true,
    meaning: 'The model’s name in Ollama.',
    example: 'phi3:3.8b-mini-128k-instruct-q8_0',
  },
  backends: {
    type: listOf('a list of addresses', ADDRESS.schema),
    meaning: 'The backends that serve the model, as in `litellm_backends`. Without it, all of them do.',
    example: ['http://llm01.example.net:11434'],
  },
  num_ctx: {
    type: integer(1, 16_777_216),
    meaning:
      'The length of the context, for prompt and response together. Without it, the setting of the model or of Ollama counts.',
    unit: 'tokens',
    example: 16_384,
  },
  keep_alive: {
    type: secondsOrDuration,
    meaning:
      'How long Ollama keeps the model in memory after its last request: seconds (-1: for ever), or a duration. Without it, Ollama’s own setting counts.',
    example: '30m',
  },
  options: {
    type: mapping,
    meaning: 'Further Ollama options; the keys of `litellm_params` below list them.',
    example: { temperature: 0.2 },
  },
  mode: { type: word('chat', 'embedding'), meaning: 'The purpose of the model.', default: 'chat' },
  access_groups: {
    type: listOf('a list of names', { type: 'string' }),
    meaning: 'Names of groups of models; a key or team with such a name in its `models` may use this model.',
    example: ['small'],
  },
} as const satisfies Readonly<Record<string, VariableRecord>>;

/** The keys of an entry of `litellm_backends` that is a mapping. */
export const BACKEND_KEYS = {
  url: {
    type: ADDRESS,
    required: true,
    meaning: 'The address of an Ollama server, as the gateway’s host reaches it.',
    example: 'http://llm01.example.net:11434',
  },
  num_parallel: {
    type: integer(1, 1024),
    meaning:
      'The requests at once for each model of the backend: its `OLLAMA_NUM_PARALLEL`. The gateway starts with it, else with one, and corrects it by what it sees.',
    unit: 'requests',
    example: 4,
  },
  max_loaded_models: {
    type: integer(1, 1024),
    meaning:
      'The models that the backend holds in memory at once: its `OLLAMA_MAX_LOADED_MODELS`, or fewer if its memory is smaller. Without it, the gateway finds out.',
    unit: 'models',
    example: 2,
  },
} as const satisfies Readonly<Record<string, VariableRecord>>;

/** Every variable that hxllm reads. */
export const VARIABLES = {
  litellm_models: {
    type: listOf('a list of mappings', entrySchema(MODEL_KEYS)),
    meaning: 'The models, each a mapping with `name` and `model`. `hxllm inventory` asks the backends for them.',
    example: [{ name: 'phi3-3.8b', provider: 'ollama', model: 'phi3:3.8b-mini-128k-instruct-q8_0' }],
  },
  litellm_backends: {
    type: listOf('a list of addresses or mappings', {
      ...ADDRESS.schema,
      ...entrySchema(BACKEND_KEYS),
      type: ['string', 'object'],
    }),
    meaning: 'The Ollama servers: addresses, or mappings with `url`.',
    example: ['http://llm01.example.net:11434', { url: 'http://llm02.example.net:11434', num_parallel: 4 }],
  },
  litellm_master_key: {
    type: text('a text without spaces', String.raw`\s*[!-~]+\s*`),
    meaning:
      'The key that clients send: `sk-` and 64 hexadecimal digits. It belongs in the vault; `hxllm inventory --vault-init` creates the key and the vault.',
  },
  litellm_master_key_previous: {
    type: text('a text without spaces', String.raw`\s*[!-~]+\s*`),
    meaning:
      'The master key before a rotation: it works beside `litellm_master_key` until it is taken out. It belongs in the vault; `hxllm inventory --rotate-key` writes both.',
  },
  litellm_master_key_revoked: {
    type: text('a text without spaces', String.raw`\s*[!-~]+\s*`),
    meaning:
      'A key that must not work any more, as `hxllm inventory --rotate-key --finish` leaves it in the vault. No host gets it; smoke proves that it is refused.',
  },
  litellm_keys: {
    type: listOf('a list of mappings', entrySchema(CLIENT_KEY_KEYS), 0),
    meaning:
      'The keys of clients beside the master key, each a mapping with `alias` and `hash`. `hxllm keys new NAME --offline` makes a key and its line.',
    example: [{ alias: 'open-webui', hash: 'c6995cf3d887ca2cb717b24344e4e38cfb13dfec39b3d39c30124ecfd26a5ba0' }],
  },
  litellm_teams: {
    type: listOf('a list of mappings', entrySchema(TEAM_KEYS), 0),
    meaning: 'The teams that keys belong to, each a mapping with `alias`.',
    example: [{ alias: 'research', models: ['phi3-3.8b'] }],
  },
  litellm_end_user_limits: {
    type: mapping,
    meaning:
      'The limits of each user whom a key asks for, beside those of the key: `rpm_limit`, `tpm_limit` and `max_parallel_requests`. The user is named in `user` of the body, or in headers for a key with `trust_user_headers`; 10,000 are remembered.',
    example: { rpm_limit: 20, tpm_limit: 10_000 },
  },
  litellm_user_headers: {
    type: listOf('a list of names of headers', { type: 'string' }),
    meaning: 'The headers that name the user who asks, beside those of Open WebUI, for keys with `trust_user_headers`.',
    example: ['X-Forwarded-Email'],
  },
  litellm_port: { type: integer(1, 65_535), meaning: 'The port that the gateway listens on.', default: 4000 },
  litellm_listen: {
    type: text('an IP address', String.raw`\s*(?:\d{1,3}(?:\.\d{1,3}){3}|\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]?)\s*`),
    meaning: 'The IP address that the gateway listens on; `0.0.0.0` is all IPv4 addresses of the host.',
    default: '0.0.0.0',
    example: '127.0.0.1',
  },
  litellm_user: {
    type: ACCOUNT,
    meaning:
      'The system user that the gateway runs as, without a shell. It is created if it does not exist; an existing one must have no more rights than the service needs.',
    default: 'litellm',
  },
  litellm_group: {
    type: ACCOUNT,
    meaning: 'The group of that user; it may read the configuration on the host.',
    default: 'litellm',
  },
  litellm_routing_strategy: {
    type: word(...STRATEGY_NAMES),
    meaning: 'How a backend is chosen for a request: `router_settings.routing_strategy` below.',
    default: DEFAULT_STRATEGY,
  },
  ...DEPLOYMENT_VARIABLES,
  litellm_config_dir: {
    type: FOLDER,
    meaning:
      'The folder on the host for `config.yaml` and `litellm.env`: new, empty, or hxllm’s already. The old one is removed when it changes.',
    default: '/etc/litellm',
  },
  litellm_install_dir: {
    type: FOLDER,
    meaning:
      'The folder on the host for releases and runtimes: new, empty, or hxllm’s already. The old one is removed when it changes.',
    default: '/opt/litellm',
  },
  litellm_service_manager: {
    type: word('systemd', 'process'),
    meaning: 'How the gateway is run on the host. `process` is for the demo only and needs `litellm_prefix`.',
    default: 'systemd',
  },
  litellm_prefix: {
    type: text('an absolute path, or ""', String.raw`(?:/[^\n"\\%$]*)?`),
    meaning:
      'An absolute path before every path on the host. It is for the demo, with the service manager `process` only.',
    default: '',
  },
  litellm_restrict_egress: {
    type: flag,
    meaning:
      'Whether systemd lets the gateway reach its backends and the host’s resolvers only (`IPAddressDeny=`). Their addresses are looked up when it starts and at each reload: after a backend got another address, run `hxllm service reload`.',
    default: false,
  },
  litellm_require_domain_join: {
    type: flag,
    meaning: 'Whether preflight requires that the host has joined a domain (realmd, SSSD, winbind or adcli).',
    default: false,
  },
  litellm_admin_group: {
    type: text('the name of a group', String.raw`\s*[^\s:,][^:,\n]*`),
    meaning:
      'The group of the administrators, as the host resolves it. Preflight requires that it resolves where `litellm_require_domain_join` is true.',
    example: 'hx-llm-admins@example.net',
  },
  litellm_ca_file: {
    type: text('the path of a PEM file', String.raw`\s*\S[^\n]*`),
    meaning:
      'A PEM file on this machine with the certificates of the authorities that signed the certificates of `https://` backends. It is installed beside `config.yaml`, and the gateway trusts it beside the authorities of Node and of the host.',
    example: 'files/example-ca.pem',
  },
  litellm_tls_cert: {
    type: text('an absolute path on the host, or PEM text', String.raw`\s*(?:/[^\n]*|-----BEGIN [\s\S]*)`),
    meaning:
      'The certificate that the gateway serves clients with, followed by those between it and the root: the path of a file on the host, or the PEM text itself, which enforce sends. With it the gateway speaks TLS 1.2 and 1.3, and no plain HTTP.',
    example: '/etc/ssl/example.pem',
  },
  litellm_tls_key: {
    type: text('an absolute path on the host, or PEM text', String.raw`\s*(?:/[^\n]*|-----BEGIN [\s\S]*)`),
    meaning:
      'The private key of `litellm_tls_cert`, in the same form, without a passphrase. A text belongs in the vault; a file on the host must be readable by `litellm_user` and by nobody else.',
    example: '/etc/ssl/private/example.key',
  },
  litellm_templates_dir: {
    type: text('the path of a folder', String.raw`\s*\S[^\n]*`),
    meaning:
      'A folder on this machine with your own templates of `litellm.service`, `litellm@.service`, `litellm.socket` and `litellm.env`; hxllm’s own stands for one that is missing. `hxllm validate --write-templates DIR` writes them.',
    example: 'templates',
  },
  litellm_evidence_signing_key: {
    type: text('the path of an SSH key', String.raw`\s*\S[^\n]*`),
    meaning:
      'An SSH key on this machine that signs the evidence of every run (`ssh-keygen -Y sign`): the private key, or the public one if an agent has the private one. Without it evidence is not signed.',
    example: '~/.ssh/id_ed25519',
  },
  ...SMOKE_VARIABLES,
} as const satisfies Readonly<Record<string, VariableRecord>>;
