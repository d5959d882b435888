import { SCHEMA_LINE } from './schema-file.ts';

/** The text of a new inventory, with comments for readers who do not know the format. */
export function newInventory(host: string, user: string | undefined): string {
  return `# The hosts of hxllm, in Ansible's INI format.

# The host that runs the gateway. Options after the name: ansible_host=ADDRESS if the name does not resolve,
# ansible_user=NAME to log in as another user, ansible_port=PORT.
[litellm]
${host}${user === undefined ? '' : ` ansible_user=${user}`}

# Variables for all hosts, such as the key to log in with:
# [all:vars]
# ansible_ssh_private_key_file=~/.ssh/id_ed25519
`;
}

/** The head of a new group_vars/all/main.yml. Variables are added below it. */
export const NEW_VARIABLES = `${SCHEMA_LINE}
---
# The variables of the deployment, for all hosts. Do not write secrets here.
# The master key is in vault.yml beside this file. To create it: hxllm inventory --vault-init
`;

/** Example variables for a new main.yml whose variables are not known yet. */
export const EXAMPLE_VARIABLES = `
# The Ollama servers behind the gateway, with addresses that its host can reach. To fill in both lists from the
# servers: hxllm inventory --backend http://SERVER:11434
# litellm_backends:
#   - "http://hx-llm01-server:11434"
#   - "http://hx-llm02-server:11434"

# The models: name is the alias for clients, model is the name in Ollama.
# litellm_models:
#   - name: "llama3-8b"
#     provider: "ollama"
#     model: "llama3:8b-instruct-q8_0"
`;
