/**
 * The RC4 stream cipher, which Node's OpenSSL no longer offers and old Hadoop configurations still
 * negotiate. The key stream goes on from call to call.
 */
export class Rc4 {
  readonly #state = Uint8Array.from({ length: 256 }, (_, i) => i);
  #i = 0;
  #j = 0;

  constructor(key: Uint8Array) {
    let j = 0;
    for (let i = 0; i < 256; i += 1) {
      j = (j + this.#state[i]! + key[i % key.length]!) & 0xff;
      this.#swap(i, j);
    }
  }

  /** Encrypts or decrypts; the two are the same. */
  update(bytes: Uint8Array): Uint8Array {
    return bytes.map((byte) => {
      this.#i = (this.#i + 1) & 0xff;
      this.#j = (this.#j + this.#state[this.#i]!) & 0xff;
      this.#swap(this.#i, this.#j);
      return byte ^ this.#state[(this.#state[this.#i]! + this.#state[this.#j]!) & 0xff]!;
    });
  }

  #swap(a: number, b: number): void {
    const held = this.#state[a]!;
    this.#state[a] = this.#state[b]!;
    this.#state[b] = held;
  }
}
