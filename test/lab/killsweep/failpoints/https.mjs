import { Pool } from 'undici';
import { pass } from './place.mjs';

const METHOD = /<(?:\w+:)?Body>\s*<(?:\w+:)?(\w+)/;

/** Questions to vSphere: before one is sent, and once its whole answer is here. */
export function tapHttps() {
  const { dispatch } = Pool.prototype;
  Pool.prototype.dispatch = function (question, handler) {
    const [, method = question.method] = METHOD.exec(String(question.body)) ?? [];
    const name = `https ${method}`;
    pass(`before ${name}`);
    return dispatch.call(this, question, {
      ...handler,
      onResponseEnd(...args) {
        pass(`after ${name}`);
        handler.onResponseEnd?.(...args);
      },
    });
  };
}
