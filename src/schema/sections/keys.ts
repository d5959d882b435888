import type { JsonSchema } from '../../core/json-schema.ts';
import { flag, list, text } from '../kind.ts';
import { honours, type Section } from '../section.ts';
import { LIMIT_KEYS, TEAM_LIMIT_KEYS } from './key-limits.ts';

const NAMES: { readonly shape: JsonSchema } = { shape: { items: { type: 'string' } } };

/** An entry of `hxllm.keys`. */
export const HXLLM_KEY = {
  alias: honours(text, 'The name of the key in the log, in `/fleet` and for fair shares; each key has its own.', {
    example: 'open-webui',
  }),
  hash: honours(
    text,
    'The SHA-256 of the key, as 64 hexadecimal digits. `hxllm keys new` prints it; LiteLLM’s database has it in the column `token`.',
    { example: 'c6995cf3d887ca2cb717b24344e4e38cfb13dfec39b3d39c30124ecfd26a5ba0' },
  ),
  expires: honours(
    text,
    'From when on the key is refused: a date, which is its beginning in UTC, or a date and a time with `Z` or an offset. Without it: never.',
    { example: '2027-01-01T00:00:00Z' },
  ),
  blocked: honours(flag, 'Whether the key is refused.', { default: false }),
  models: honours(
    list,
    'The models that the key may use: aliases, patterns with stars, access groups (`model_info.access_groups`), `all-proxy-models`, `all-team-models` (those of its team) and `no-default-models` (none). Without it: all. A model that it may not use does not exist for it.',
    { ...NAMES, example: ['phi3-3.8b', 'llama3*'] },
  ),
  team: honours(text, 'The `alias` of its team, which must allow a model as well, and whose limits hold too.', {
    example: 'research',
  }),
  ...LIMIT_KEYS,
  trust_user_headers: honours(
    flag,
    'Whether the headers of `general_settings.user_header_mappings`, `X-OpenWebUI-User-Id` and `X-OpenWebUI-User-Email` say which user asks: only behind a program that sets them itself, since everybody who has the key can send them.',
    { default: false },
  ),
} satisfies Section;

/** An entry of `hxllm.teams`. */
export const HXLLM_TEAM = {
  alias: honours(text, 'The name of the team, as keys give it in `team`.', { example: 'research' }),
  models: honours(list, 'The models that its keys may use, as in `hxllm.keys`. Without it: all.', {
    ...NAMES,
    example: ['phi3-3.8b'],
  }),
  blocked: honours(flag, 'Whether all its keys are refused.', { default: false }),
  ...TEAM_LIMIT_KEYS,
} satisfies Section;
