const IMAGE = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aGk=' } };
/** A request with every supported parameter. */
export const WHOLE = {
  model: 'm',
  max_tokens: 5,
  system: [{ type: 'text', text: 'be short', cache_control: { type: 'ephemeral' } }],
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'what' },
        IMAGE,
        {
          type: 'document',
          source: { type: 'content', content: [{ type: 'text', text: 'd' }, IMAGE] },
          title: 't',
          citations: { enabled: true },
        },
      ],
    },
    { role: 'system', content: 'by the way' },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'hm', signature: 's' },
        { type: 'redacted_thinking', data: 'x' },
        { type: 'text', text: 'so' },
        { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 } },
      ],
    },
    {
      role: 'user',
      content: [
        {
          type: 'tool_result',
          tool_use_id: 'toolu_1',
          is_error: true,
          content: [
            { type: 'text', text: 'no' },
            IMAGE,
            { type: 'search_result', source: 's', title: 't', content: [{ type: 'text', text: 'f' }] },
            { type: 'tool_reference', tool_name: 'g' },
          ],
        },
        { type: 'text', text: 'go on' },
      ],
    },
    { role: 'assistant', content: 'Once' },
  ],
  tools: [
    {
      name: 'f',
      description: 'd',
      input_schema: { type: 'object', properties: { a: { type: 'number' } } },
      strict: true,
      cache_control: { type: 'ephemeral' },
    },
  ],
  tool_choice: { type: 'tool', name: 'f', disable_parallel_tool_use: true },
  thinking: { type: 'enabled', budget_tokens: 1024, display: 'omitted' },
  output_config: { effort: 'low', format: { type: 'json_schema', schema: { type: 'object' } } },
  stop_sequences: ['a', 'b'],
  temperature: 0.5,
  top_p: 0.9,
  top_k: 5,
  stream: true,
  metadata: { user_id: 'u' },
  service_tier: 'auto',
  speed: 'standard',
  cache_control: { type: 'ephemeral' },
  context_management: { edits: [] },
  mcp_servers: [],
  container: null,
};
