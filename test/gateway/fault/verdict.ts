import assert from 'node:assert/strict';

/** How a request ended for its client. `cut`: a stream that had begun and ended with an error frame. */
export type Ending = 'whole' | 'cut' | 'refused';

/** Judges the response to a chat: it must be complete, or an error in the API's form, never half a response that looks complete. */
export function judge(
  stream: boolean,
  status: number,
  text: string,
): { readonly ending: Ending; readonly code: string | null } {
  if (status !== 200) return { ending: 'refused', code: errorIn(text).code };
  if (!stream) {
    const { choices } = JSON.parse(text) as {
      choices: { message: { content: string }; finish_reason: string | null }[];
    };
    assert.ok(choices[0]?.finish_reason !== null && choices[0]?.message.content !== '', text);
    return { ending: 'whole', code: null };
  }
  const events = text.split('\n\n').filter((event) => event !== '' && !event.startsWith(':'));
  const last = events.at(-1) ?? '';
  if (last === 'data: [DONE]') {
    assert.match(text, /"finish_reason":"(?:stop|length)"/);
    return { ending: 'whole', code: null };
  }
  assert.match(last, /^data: \{"error":/, `a stream ends with [DONE] or an error: …${text.slice(-300)}`);
  assert.doesNotMatch(text, /\[DONE\]/);
  assert.match(
    text,
    /"delta":\{"(?:content|reasoning_content)":"[^"]/,
    `no text was sent, so another server could have answered: ${text}`,
  );
  return { ending: 'cut', code: errorIn(last.slice('data: '.length)).code };
}

function errorIn(text: string): { readonly code: string | null } {
  const { error } = JSON.parse(text) as {
    error: { message: string; type: string; param: string | null; code: string | null };
  };
  assert.deepEqual(Object.keys(error), ['message', 'type', 'param', 'code'], text);
  return error;
}
