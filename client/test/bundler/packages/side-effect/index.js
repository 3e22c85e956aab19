Object.defineProperty(Array.prototype, 'heddleLast', {
  configurable: true,
  value() {
    return this[this.length - 1];
  },
});
