/** The action suites as one program: bundled once, run against any master. */
import './defaults.suite.js';
import './sources.suite.js';
import './transformations.suite.js';
import './pairs.suite.js';
import './numeric.suite.js';
import './actions.suite.js';
import './rules.suite.js';
import './model.suite.js';
import './sharing.suite.js';
import './hostile.suite.js';
import './scheduling.suite.js';
