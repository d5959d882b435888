import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { NewModel } from '../../config/edit/variable-text.ts';
import { encryptVault } from '../../config/vault/cipher.ts';
import { Secret } from '../../core/secret.ts';
import type { DemoPaths } from './paths.ts';

/** The models, backends and port of the demo's gateway. */
export interface ExampleRequest {
  readonly port: number;
  readonly backends: readonly string[];
  readonly models: readonly NewModel[];
}

const PRIVATE = 0o600;

/** Writes the demo's own inventory in the usual layout, as an example to read. The key and password of an earlier demo are kept. */
export async function writeExample(paths: DemoPaths, request: ExampleRequest): Promise<void> {
  await mkdir(dirname(paths.variables), { recursive: true });
  await writeFile(paths.ansibleCfg, ANSIBLE_CFG);
  await writeFile(paths.inventory, INVENTORY);
  await writeFile(paths.variables, variablesOf(paths, request));
  const kept = await Promise.all(
    [paths.masterKey, paths.vaultPassword, paths.vault].map((file) => readFile(file, 'utf8').catch(() => '')),
  );
  if (kept.every((text) => text !== '')) return;
  const [key, password] = [`sk-${randomBytes(32).toString('hex')}`, randomBytes(16).toString('hex')];
  await writePrivate(paths.vaultPassword, `${password}\n`);
  await writePrivate(paths.masterKey, `${key}\n`);
  await writePrivate(
    paths.vault,
    await encryptVault(`litellm_master_key: "${key}"\n`, new Secret(Buffer.from(password))),
  );
}

async function writePrivate(file: string, content: string): Promise<void> {
  await writeFile(file, content, { mode: PRIVATE });
  // writeFile does not change the mode of an existing file.
  await chmod(file, PRIVATE);
}

const ANSIBLE_CFG = `# Settings for hxllm (and ansible) when they are started in this folder: cd .demo && npx hxllm preflight
[defaults]
inventory = inventories/dev.ini
vault_password_file = vault-password
`;

const INVENTORY = `# The hosts. Your own host would be one line: hx-api-server ansible_host=10.0.0.5 ansible_user=ops
[litellm]
this-machine ansible_connection=local ansible_host=127.0.0.1
`;

function variablesOf(paths: DemoPaths, { port, backends, models }: ExampleRequest): string {
  return `# The variables of all hosts. The master key is in vault.yml beside this file, encrypted; hxllm reads the password from
# ${JSON.stringify(paths.vaultPassword)}.

# Aliases for clients, and the models' names in Ollama.
litellm_models:
${models.map(modelText).join('')}
# The Ollama servers.
litellm_backends:
${backends.map((url) => `  - ${JSON.stringify(url)}\n`).join('')}
# The address and port of the gateway.
litellm_listen: 127.0.0.1
litellm_port: ${String(port)}

# Only for the demo: no systemd, no root, and this folder instead of /. Leave these two out on your own host.
litellm_service_manager: process
litellm_prefix: ${JSON.stringify(paths.prefix)}
`;
}

// A JSON string is a YAML string for every name of a model.
function modelText({ name, model, backends, mode }: NewModel): string {
  const lines = [
    `  - name: ${JSON.stringify(name)}`,
    '    provider: ollama',
    `    model: ${JSON.stringify(model)}`,
    ...(mode === 'embedding' ? ['    mode: embedding'] : []),
    ...(backends === undefined ? [] : [`    backends: ${JSON.stringify(backends)}`]),
  ];
  return `${lines.join('\n')}\n`;
}
