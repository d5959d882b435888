import type { Secret } from '../../core/secret.ts';
import { encryptVault } from './cipher.ts';
import type { Sealing } from './keyring.ts';

/** The text of a new vault file with the master key, in the format of `ansible-vault`. */
export async function newVault(key: Secret, { password, id }: Sealing): Promise<string> {
  return encryptVault(
    `---\n# The API key for clients of the gateway. To change it: hxllm inventory --rotate-key\nlitellm_master_key: "${key.reveal()}"\n`,
    password,
    { id },
  );
}
