function _(value) {
  return [value];
}
_.map = (list, f) => list.map((one) => f(one));
_.groupBy = (list, f) => Object.groupBy(list, f);
module.exports = _;
