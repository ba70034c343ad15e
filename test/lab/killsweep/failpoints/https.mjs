import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import { pass } from './place.mjs';
import { onBefore } from './talk.mjs';

const METHOD = /<(?:\w+:)?Body>\s*<(?:\w+:)?(\w+)/;

/** Questions to vSphere: before one is sent, and once its whole answer is here. */
export function tapHttps() {
  const { request } = https;
  https.request = (...args) => {
    const outgoing = request(...args);
    let name = 'https';
    const { end } = outgoing;
    outgoing.end = (body, ...rest) => {
      const [, method = outgoing.method] = METHOD.exec(String(body)) ?? [];
      name = `https ${method}`;
      pass(`before ${name}`);
      return end.call(outgoing, body, ...rest);
    };
    onBefore(outgoing, 'response', (answer) => onBefore(answer, 'end', () => pass(`after ${name}`)));
    return outgoing;
  };
  syncBuiltinESMExports();
}
