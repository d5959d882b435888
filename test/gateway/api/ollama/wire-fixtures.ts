export const LLAMA = 'llama3:8b-instruct-q8_0';

export const ECHO = { messages: [{ role: 'user', content: 'Repeat after me: one two' }] };
