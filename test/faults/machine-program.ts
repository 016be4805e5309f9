import { probeMachine } from '../../src/faults/machine.ts';

console.log(JSON.stringify(await probeMachine()));
