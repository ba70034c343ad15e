// Loaded before the program (NODE_OPTIONS=--import=…): the program itself has no line for this. Every place where
// something leaves its process or comes into it gets a name; a run either writes down what it passes, or dies at one.
import { tapFiles } from './files.mjs';
import { tapHttps } from './https.mjs';
import { tapPrograms } from './programs.mjs';
import { tapSsh } from './ssh.mjs';

// Not for the programs that this one starts.
delete process.env.NODE_OPTIONS;

tapFiles();
tapPrograms();
tapSsh();
tapHttps();
