const QUOTE = ['test/unit/transport/quote.test.ts'];
const HOST_KEY = ['test/wire/ssh-host-key.test.ts'];
const CHANNEL = ['test/unit/quiesce/channel.test.ts'];
const REST = ['test/wire/rest-client.test.ts'];

/** Words to shells and guests, whom we believe, and what must stay secret. */
export const transport = [
  {
    name: 'programs-inherit-the-environment',
    why: 'What we start gets none of the passwords that our own environment holds.',
    file: 'src/transport/programs.ts',
    before: 'PASSED.test(name) ||',
    after: "PASSED.test(name) || name !== '' ||",
    tests: ['test/wire/local-shell.test.ts'],
  },
  {
    name: 'request-is-sent-a-second-time',
    why: 'A request whose answer was lost may have been carried out: sent again, it makes a second snapshot.',
    file: 'src/transport/https.ts',
    before: 'if (!lost || question.again !== true || attempt === 2) throw asked.why;',
    after: 'if (!lost || attempt === 2) throw asked.why;',
    tests: REST,
  },
  {
    name: 'sent-request-was-not-sent',
    why: 'A snapshot that may exist must not be reported as one that was certainly not taken.',
    file: 'src/transport/https.ts',
    before: 'else sent = true;',
    after: 'else sent = false;',
    tests: REST,
  },
  {
    name: 'words-reach-a-shell-unquoted',
    why: 'Whatever a word holds, the far shell makes exactly that word of it.',
    file: 'src/base/shell-word.ts',
    before: 'if (PLAIN.test(word) && !GRAMMAR.test(word)) return word;',
    after: 'if (!/\\s/.test(word) && !GRAMMAR.test(word)) return word;',
    tests: QUOTE,
  },
  {
    name: 'trusts-a-host-on-first-use',
    why: 'A host whose key nobody knows is not logged in to.',
    file: 'src/transport/ssh/host-key.ts',
    before: "case 'unknown': {",
    after: "case 'unknown': {\n      return undefined;",
    tests: HOST_KEY,
  },
  {
    name: 'trusts-a-changed-host-key',
    why: 'A host whose key has changed is never accepted.',
    file: 'src/transport/ssh/host-key.ts',
    before: "case 'changed': {",
    after: "case 'changed': {\n      if (about.length > 0) return undefined;",
    tests: HOST_KEY,
  },
  {
    name: 'secret-is-written-as-json',
    why: 'No secret appears in a log, an event or a manifest.',
    file: 'src/base/secret.ts',
    before: "toJSON(): string {\n    return '[secret]';",
    after: 'toJSON(): string {\n    return this.#text;',
    tests: ['test/unit/catalog/json.test.ts'],
  },
  {
    name: 'end-of-the-lease-is-kept',
    why: 'A hold that ended by anything but our word was not kept.',
    file: 'src/quiesce/holder/channel.ts',
    before: "if (by !== 'word') return",
    after: "if (by === 'line') return",
    tests: CHANNEL,
  },
  {
    name: 'lost-line-is-kept',
    why: 'A line that is lost before the guest’s word leaves open whether it stood.',
    file: 'src/quiesce/holder/channel.ts',
    before: "{ kind: 'unknown', why: `the line was lost before",
    after: "{ kind: 'kept', why: `the line was lost before",
    tests: CHANNEL,
  },
  {
    name: 'programs-outlive-us',
    why: 'What we start on this machine ends with us, also after a SIGKILL.',
    file: 'src/transport/local.ts',
    before: '|| kill -KILL 0',
    after: '|| true',
    tests: ['test/wire/local-shell.test.ts > takes the programs with it'],
  },
];
