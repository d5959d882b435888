/** A new inventory in the guide's layout, written for a reader who has never seen one. */
export function newInventory(host: string, user: string | undefined): string {
  return `# The hosts that hxllm works on, in Ansible's INI format.

# Where the gateway runs. After the name may follow: ansible_host=ADDRESS where the name does not resolve,
# ansible_user=NAME to log in as someone else, ansible_port=PORT.
[litellm]
${host}${user === undefined ? '' : ` ansible_user=${user}`}

# What holds for every host goes here, such as the key to log in with:
# [all:vars]
# ansible_ssh_private_key_file=~/.ssh/id_ed25519
`;
}

/** The head of a new group_vars/all/main.yml; variables are added below it. */
export const NEW_VARIABLES = `---
# What hxllm deploys. These variables hold for every host; nothing secret belongs here.
# The master key is in vault.yml beside this file: hxllm inventory --vault-init makes it.
`;

/** What a new main.yml shows instead of variables that are not known yet. */
export const EXAMPLE_VARIABLES = `
# The Ollama servers behind the gateway, as its host reaches them. To have both lists filled in from what the servers
# have: hxllm inventory --backend http://SERVER:11434
# litellm_backends:
#   - "http://hx-llm01-server:11434"
#   - "http://hx-llm02-server:11434"

# What clients ask for (name), and what Ollama calls it (model).
# litellm_models:
#   - name: "llama3-8b"
#     provider: "ollama"
#     model: "llama3:8b-instruct-q8_0"
`;
