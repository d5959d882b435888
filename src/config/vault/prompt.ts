/** Whether a source is a question, by Ansible's words for it. */
export function isPrompt(source: string): boolean {
  return source === 'prompt' || source === 'prompt_ask_vault_pass';
}
