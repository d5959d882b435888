import { flag, text } from '../kind.ts';
import { honours, type Section } from '../section.ts';

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
} satisfies Section;
