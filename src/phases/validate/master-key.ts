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
  if (/^sk-[0-9a-f]{64}$/.test(key)) return pass('sk- and 64 hexadecimal digits');
  return failed(
    'sk- and 64 hexadecimal digits',
    `${key.startsWith('sk-') ? 'sk- and other characters' : 'another form'}, ${String(key.length)} characters`,
    "openssl rand -hex 32 | sed 's/^/sk-/'",
  );
}
