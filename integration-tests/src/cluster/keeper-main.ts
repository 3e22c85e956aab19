// Stops the cluster in the folder that it is given when its standard input ends without a goodbye.
import { text } from 'node:stream/consumers';

import { keeperGoodbye } from './keeper.js';
import { MiniCluster } from './mini-cluster.js';

const directory = process.argv[2]!;
const said = await text(process.stdin);
if (said.trim() !== keeperGoodbye) {
  try {
    await MiniCluster.attach(directory).stop();
  } catch {
    // It was stopped between the end of its owner and now.
  }
}
