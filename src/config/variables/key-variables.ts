import { flag, integer, listOf, mapping, text, type VariableRecord } from './variable-type.ts';

const ALLOWED_MODELS = listOf('a list of names of models', { type: 'string' });

const BUDGET = integer(1, 1_000_000_000_000_000);
const MONEY = text('an amount of money', String.raw`\s*\d+(?:\.\d+)?\s*`);
const PERIOD = text(
  'a duration such as 1h, 1d, 7d or 30d',
  String.raw`\s*(?:[1-9]\d{0,4}(?:s|m|h|d|w|mo)|hourly|daily|weekly|monthly)\s*`,
);

const REQUESTS = integer(1, 1_000_000_000);

/** The keys of an entry of `litellm_keys`. */
export const CLIENT_KEY_KEYS = {
  alias: {
    type: text('a text of at most 128 characters, not beginning with sk-', '(?!sk-)[^\\n]{1,128}'),
    required: true,
    meaning: 'The name of the key in the log, in `/fleet` and for fair shares; each key has its own.',
    example: 'open-webui',
  },
  hash: {
    type: text('64 hexadecimal digits', String.raw`\s*[\dA-Fa-f]{64}\s*`),
    required: true,
    meaning:
      'The SHA-256 of the key, in hexadecimal, in quotes. `hxllm keys new` prints it; LiteLLM’s database has it in the column `token`.',
    example: 'c6995cf3d887ca2cb717b24344e4e38cfb13dfec39b3d39c30124ecfd26a5ba0',
  },
  expires: {
    type: text('a date, or a date and a time', String.raw`\s*\d{4}-\d\d-\d\d(?:T\S+)?\s*`),
    meaning:
      'From when on the key is refused: a date, which is its beginning in UTC, or a date and a time with `Z` or an offset. Without it: never.',
    example: '2027-01-01T00:00:00Z',
  },
  blocked: { type: flag, meaning: 'Whether the key is refused.', default: false },
  models: {
    type: ALLOWED_MODELS,
    meaning:
      'The models that the key may use: names, patterns with stars, `access_groups`, `all-proxy-models`, `all-team-models` (those of its team) and `no-default-models` (none). Without it: all. A model that it may not use does not exist for it.',
    example: ['phi3-3.8b', 'llama3*'],
  },
  team: {
    type: text('the alias of a team', String.raw`[^\n]+`),
    meaning: 'The `alias` of its team, which must allow a model as well, and whose limits hold too.',
    example: 'research',
  },
  rpm_limit: {
    type: REQUESTS,
    meaning:
      'The most requests for models in any 60 seconds, failed ones included; a further one is refused with 429 and the time after which it fits. Without it: no limit.',
    unit: 'requests',
    example: 60,
  },
  tpm_limit: {
    type: REQUESTS,
    meaning:
      'The most tokens of prompts and answers in any 60 seconds. Reserved are the estimated prompt and `max_tokens` or, where less or unsaid, what the alias answers on average; the count of the server replaces them at the end. A request larger than the limit passes when the minute is unused. Without it: no limit.',
    unit: 'tokens',
    example: 20_000,
  },
  model_rpm_limit: {
    type: mapping,
    meaning:
      'As `rpm_limit`, for the requests for one model: each name of a model with its limit. Its other names count with it.',
    unit: 'requests',
    example: { 'phi3-3.8b': 30 },
  },
  model_tpm_limit: {
    type: mapping,
    meaning: 'As `tpm_limit`, for the requests for one model.',
    unit: 'tokens',
    example: { 'phi3-3.8b': 10_000 },
  },
  trust_user_headers: {
    type: flag,
    meaning:
      'Whether the headers of `litellm_user_headers`, `X-OpenWebUI-User-Id` and `X-OpenWebUI-User-Email` say which user asks: only behind a program that sets them itself, since everybody who has the key can send them.',
    default: false,
  },
  token_budget: {
    type: BUDGET,
    meaning:
      'The most tokens of prompts and answers in each period of `budget_duration`. Reserved are the prompt and the most that may be answered (`max_tokens`, else `num_predict` of the model, else 8,192). Spent: 429 `insufficient_quota`, without a retry. Without it: no budget.',
    unit: 'tokens',
    example: 5_000_000,
  },
  max_budget: {
    type: MONEY,
    meaning:
      'The most money in each period of `budget_duration`, by the prices of the models in `config.yaml`; a model without a price costs nothing. Without it: no budget.',
    unit: 'USD',
    example: 25,
  },
  budget_duration: {
    type: PERIOD,
    meaning:
      'The period of the budgets: `30s`, `15m`, `1h` (the full hour), `1d` (midnight), `7d` (Monday), `30d` or `1mo` (the first of the month), `hourly`, `daily`, `weekly`, `monthly`, in UTC. Without it: one period for ever.',
    example: '30d',
  },
  max_parallel_requests: {
    type: REQUESTS,
    meaning:
      'The most requests for models under way at once, those that wait included; a further one is refused with 429. Without it: no limit.',
    unit: 'requests',
    example: 4,
  },
} as const satisfies Readonly<Record<string, VariableRecord>>;

/** The keys of an entry of `litellm_teams`. */
export const TEAM_KEYS = {
  alias: {
    type: text('a text of at most 128 characters, not beginning with sk-', '(?!sk-)[^\\n]{1,128}'),
    required: true,
    meaning: 'The name of the team, as keys give it in `team`.',
    example: 'research',
  },
  models: {
    type: ALLOWED_MODELS,
    meaning: 'The models that its keys may use, as in `litellm_keys`. Without it: all.',
    example: ['phi3-3.8b'],
  },
  blocked: { type: flag, meaning: 'Whether all its keys are refused.', default: false },
  rpm_limit: {
    type: REQUESTS,
    meaning: 'As in `litellm_keys`, for all its keys together.',
    unit: 'requests',
    example: 600,
  },
  tpm_limit: {
    type: REQUESTS,
    meaning: 'As in `litellm_keys`, for all its keys together.',
    unit: 'tokens',
    example: 200_000,
  },
  model_rpm_limit: {
    type: mapping,
    meaning: 'As in `litellm_keys`, for all its keys together.',
    unit: 'requests',
    example: { 'phi3-3.8b': 300 },
  },
  model_tpm_limit: {
    type: mapping,
    meaning: 'As in `litellm_keys`, for all its keys together.',
    unit: 'tokens',
    example: { 'phi3-3.8b': 100_000 },
  },
  token_budget: {
    type: BUDGET,
    meaning: 'As in `litellm_keys`, for all its keys together.',
    unit: 'tokens',
    example: 50_000_000,
  },
  max_budget: { type: MONEY, meaning: 'As in `litellm_keys`, for all its keys together.', unit: 'USD', example: 250 },
  budget_duration: { type: PERIOD, meaning: 'As in `litellm_keys`.', example: '30d' },
  max_parallel_requests: {
    type: REQUESTS,
    meaning: 'As in `litellm_keys`, for all its keys together.',
    unit: 'requests',
    example: 16,
  },
} as const satisfies Readonly<Record<string, VariableRecord>>;

/** The keys of `litellm_end_user_limits`. */
export const END_USER_KEYS = {
  rpm_limit: { type: REQUESTS, meaning: 'As in `litellm_keys`, for one user.', unit: 'requests', example: 20 },
  tpm_limit: { type: REQUESTS, meaning: 'As in `litellm_keys`, for one user.', unit: 'tokens', example: 10_000 },
  max_parallel_requests: {
    type: REQUESTS,
    meaning: 'As in `litellm_keys`, for one user.',
    unit: 'requests',
    example: 2,
  },
} as const satisfies Readonly<Record<string, VariableRecord>>;
