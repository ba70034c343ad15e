import ssh2 from 'ssh2';
import { commandName } from './names.mjs';
import { pass } from './place.mjs';
import { listenIn, onBefore } from './talk.mjs';

/** Lines to guests: before the login and after it, before a command, once it runs, what is said, its end. */
export function tapSsh() {
  const { connect, exec } = ssh2.Client.prototype;
  const hosts = new WeakMap();
  ssh2.Client.prototype.connect = function (config) {
    const host = config.sock?.remoteAddress ?? 'a host behind another';
    hosts.set(this, host);
    pass(`before ssh ${host} login`);
    onBefore(this, 'ready', () => pass(`after ssh ${host} login`));
    return connect.call(this, config);
  };
  ssh2.Client.prototype.exec = function (line, tell) {
    const name = `ssh ${hosts.get(this)} ${commandName(line.split(/\s+/))}`;
    pass(`before ${name}`);
    return exec.call(this, line, (error, channel) => {
      if (channel !== undefined) {
        pass(`during ${name}`);
        listenIn(name, { stdin: channel, stdout: channel, whole: channel, end: 'close' });
      }
      tell(error, channel);
    });
  };
}
