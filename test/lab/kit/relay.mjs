// Runs in the controller's namespace and carries connections that arrive on a socket of the test's own namespace into the
// guest: argv[2] is the guest's address. So a test in this process reaches a guest without any route between the two.
import { connect } from 'node:net';

process.on('message', (message, server) => {
  if (message !== 'listen') return;
  server.on('connection', (near) => {
    const far = connect(22, process.argv[2]);
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
    }
    near.pipe(far);
    far.pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  process.send('listening');
});
process.on('disconnect', () => process.exit(0));
