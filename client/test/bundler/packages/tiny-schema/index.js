class Schema {
  #checks = [];
  constructor(checks = []) {
    this.#checks = checks;
    this.parse = (value) => {
      for (const check of this.#checks) {
        const problem = check(value);
        if (problem !== undefined) throw new TypeError(problem);
      }
      return value;
    };
  }
  and(check) {
    return new Schema([...this.#checks, check]);
  }
  min(length) {
    return this.and((value) => (value.length < length ? `shorter than ${length}` : undefined));
  }
  refine(test, message) {
    return this.and((value) => (test(value) ? undefined : message));
  }
}
export const string = () =>
  new Schema([(value) => (typeof value === 'string' ? undefined : 'no string')]);
export const object = (shape) =>
  new Schema([
    (value) => {
      for (const [key, schema] of Object.entries(shape)) schema.parse(value[key]);
    },
  ]);
export const s = { string, object };
export { Schema };
