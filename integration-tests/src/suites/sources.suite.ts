import { expect } from 'chai';
import { useContext } from './support/context.js';

describe('sources (B.1)', () => {
  const suite = useContext();

  it('range computes its numbers in the tasks', async () => {
    expect(await suite.sc.range(5).collect()).to.deep.equal([0, 1, 2, 3, 4]);
  });
});
