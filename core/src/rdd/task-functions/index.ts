/** Every function of the engine that tasks are sent by name; each module registers its own. */
import './hyper-log-log.js';
import './numeric-functions.js';
import './object-records.js';
import './pipe-function.js';
import './sampling-functions.js';
import './set-functions.js';
import './zip-functions.js';
