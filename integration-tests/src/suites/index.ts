/** The action suites as one program: bundled once, run against any master. */
import './sources.suite.js';
