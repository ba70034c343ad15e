import { killSweep } from './suite.ts';

killSweep(2);
