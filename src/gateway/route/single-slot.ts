// Families that Ollama gives one slot whatever is stated (server/sched.go), as `/api/ps` names them; those that only embed are below.
const FAMILIES = /^(?:mllama|qwen3vl|qwen35|qwen3next|lfm2|nemotron_h|(?:[a-z]+-)?bert)/;

// The same by the names that their publishers gave them.
const NAMES =
  /(?:^|\/)(?:llama3\.2-vision|qwen3-vl|qwen3\.5|qwen3-next|lfm2|nemotron-h|nemotron-3|[\w.-]*(?:embed|minilm)|bge-)/;

/** Whether a model has one slot wherever it runs, by its name: before it is in memory that is all there is to go by. */
export function isSingleByName(model: string): boolean {
  return NAMES.test(model.toLowerCase());
}

/** Whether a model has one slot, by its family. */
export function isSingleByFamily(family: string): boolean {
  return FAMILIES.test(family.toLowerCase());
}
