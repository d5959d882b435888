import { DONE, piece, type Behaviour } from '../fake-upstream.ts';

/** Answers chats, prompts and embeddings, as Ollama does. */
export const anyAnswer: Behaviour = ({ path, body }, outgoing) => {
  if (path === '/api/embed') {
    const { input } = JSON.parse(body) as { input: string | readonly string[] };
    const vectors = (typeof input === 'string' ? [input] : input).map(() => [0.6, 0.8, 0]);
    outgoing.end(JSON.stringify({ model: 'm', embeddings: vectors, prompt_eval_count: 2 }));
  } else if (path === '/api/generate')
    outgoing.end(
      `${JSON.stringify({ model: 'm', response: 'word', done: false })}\n${JSON.stringify({ model: 'm', response: '', done: true, done_reason: 'stop', prompt_eval_count: 5, eval_count: 2 })}\n`,
    );
  else outgoing.end(piece('word') + DONE);
};
