/** The end of a fix with `ollama pull`: the same without internet. */
export const MODEL_OFFLINE =
  'without internet: copy the models folder of a server that has it (OLLAMA_MODELS, usually ~/.ollama/models)';

/** The end of a fix with `apt-get install`: the same without internet. */
export function packageOffline(name: string): string {
  return `without internet: dpkg -i ${name}_*.deb from the installation medium`;
}
