exports.upper = (text) => text.toUpperCase();
exports.partial =
  (f, ...fixed) =>
  (...rest) =>
    f(...fixed, ...rest);
exports.Box = class Box {
  constructor(content) {
    this.content = content;
  }
  open() {
    return this.content;
  }
};
exports.settings = { size: 3 };
