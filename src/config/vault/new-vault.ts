import type { Secret } from '../../core/secret.ts';
import { encryptVault } from './cipher.ts';

/** The text of a new vault file that holds the master key, as `ansible-vault` opens it. */
export async function newVault(key: Secret, password: Secret): Promise<string> {
  return encryptVault(
    `---\n# The key that clients of the gateway need. Change it with: ansible-vault edit\nlitellm_master_key: "${key.reveal()}"\n`,
    password,
  );
}
