const { join } = require('node:path');
let count = 10;
exports.next = () => ++count;
exports.joined = (...parts) => join(...parts);
exports.Legacy = class Legacy {
  constructor(n) {
    this.n = n;
  }
  twice() {
    return this.n * 2;
  }
};
