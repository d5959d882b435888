// Families that get one slot from Ollama whatever is configured (server/sched.go), as `/api/ps` names them, and those that only
// embed.
const FAMILIES = /^(?:mllama|qwen3vl|qwen35|qwen3next|lfm2|nemotron_h|(?:[a-z]+-)?bert)/;

// The same models by their publishers' names.
const NAMES =
  /(?:^|\/)(?:llama3\.2-vision|qwen3-vl|qwen3\.5|qwen3-next|lfm2|nemotron-h|nemotron-3|[\w.-]*(?:embed|minilm)|bge-)/;

/** Whether a model has one slot, by its name: before a load nothing else is known. */
export function isSingleByName(model: string): boolean {
  return NAMES.test(model.toLowerCase());
}

/** Whether a model has one slot, by its family. */
export function isSingleByFamily(family: string): boolean {
  return FAMILIES.test(family.toLowerCase());
}
