/** Random choices that a seed repeats (Marsaglia's xorshift on 32 bits). */
export class Random {
  #state

  constructor(seed) {
    this.#state = (Math.imul(seed | 0, 0x9e3779b1) ^ 0x5bd1e995) | 0 || 1
    for (let i = 0; i < 8; ++i) this.below(2)
  }

  /** 0 to `bound` - 1. */
  below(bound) {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x
    return (x >>> 0) % bound
  }

  /** True in `percent` of a hundred. */
  chance(percent) {
    return this.below(100) < percent
  }

  pick(list) {
    return list[this.below(list.length)]
  }

  /** `least` to `most` things that `make` made. */
  several(least, most, make) {
    return Array.from({ length: least + this.below(most - least + 1) }, make)
  }
}
