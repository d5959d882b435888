import type { Settings } from '../../config/config.ts';
import { failed, notApplicable, pass, type Verdict } from '../../core/verdict.ts';

/** Judges the form of the master key without showing the key. */
export function judgeMasterKey({ masterKey }: Settings): Verdict {
  if (masterKey.state === 'locked')
    return notApplicable('the vault is locked, so a placeholder was rendered; open it with --ask-vault-pass');
  if (masterKey.state === 'absent')
    return failed(
      'litellm_master_key in the vault',
      'no such variable, so a placeholder was rendered',
      'hxllm inventory --vault-init',
    );
  const key = masterKey.key.reveal();
  if (!/^sk-[0-9a-f]{64}$/.test(key))
    return failed(
      'sk- and 64 hexadecimal digits',
      `${key.startsWith('sk-') ? 'sk- and other characters' : 'another form'}, ${String(key.length)} characters`,
      NEW_KEY,
    );
  return isGuessable(key.slice('sk-'.length))
    ? failed('64 random hexadecimal digits', 'digits that repeat or count', NEW_KEY)
    : pass('sk- and 64 hexadecimal digits');
}

const NEW_KEY = "openssl rand -hex 32 | sed 's/^/sk-/'";

/** The most repetitions of a short piece, or steps from a digit to the next, that random digits have: by chance one key in 10^10 has more. */
const MOST_ALIKE = 22;

/** Whether a person typed the digits: one piece again and again, or digits that count up or down. */
function isGuessable(digits: string): boolean {
  const values = digits.split('').map((digit) => Number.parseInt(digit, 16));
  const alike = (distance: number, step: number): number =>
    values.filter((value, index) => index >= distance && (value - (values[index - distance] ?? 0) + 16) % 16 === step)
      .length;
  const periods = Array.from({ length: 16 }, (_, index) => alike(index + 1, 0));
  return Math.max(...periods, alike(1, 1), alike(1, 15)) > MOST_ALIKE;
}
