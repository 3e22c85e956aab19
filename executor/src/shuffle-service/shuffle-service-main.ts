import { runShuffleService } from './run-shuffle-service.js';

// Ends with its channel, not with the terminal's signals: executors and driver end first.
process.on('SIGINT', () => undefined);
await runShuffleService();
