export class PrivateBox {
  #content;
  constructor(content) {
    this.#content = content;
  }
  open() {
    return this.#content;
  }
}
export class OpenBox {
  label = 'open';
  constructor(content) {
    this.content = content;
  }
  describe() {
    return `${this.label}: ${this.content}`;
  }
}
