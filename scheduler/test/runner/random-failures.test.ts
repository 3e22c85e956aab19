import { expect } from 'chai';
import fc from 'fast-check';
import { JobCancelledError, JobFailedError } from 'heddle/internal';
import { Simulation } from '../support/simulation.js';

/** `HEDDLE_RANDOM_RUNS=10000` for the long version. */
const numRuns = Number(process.env['HEDDLE_RANDOM_RUNS'] ?? 300);

describe('Random lineages with random failures (A-124, A-134)', () => {
  it('every job ends with the right results or a typed error, and nothing is left', async () => {
    let succeeded = 0;
    let failed = 0;
    const faults = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const simulation = new Simulation(seed);
        await simulation.run();
        for (const job of simulation.jobs) {
          expect(job.outcome, 'the job never ended').not.to.equal('pending');
          if (job.outcome instanceof Error) {
            failed++;
            expect(job.outcome).to.be.instanceOf(
              job.wasCancelled ? Error : JobFailedError,
              job.outcome.stack,
            );
            if (job.outcome instanceof JobCancelledError) expect(job.wasCancelled).to.equal(true);
            continue;
          }
          succeeded++;
          const positions = Array.from({ length: job.node.partitionCount }, (_, each) => each);
          expect(
            [...job.delivered].sort((a, b) => a - b),
            'each result once',
          ).to.deep.equal(positions);
          if (job.saveId !== undefined) {
            // One generation is complete, and no partition of any was committed twice.
            const generations = [...(simulation.commits.get(job.saveId)?.values() ?? [])];
            const last = generations.at(-1);
            expect([...(last?.keys() ?? [])].sort((a, b) => a - b)).to.deep.equal(positions);
            for (const partitions of generations) {
              for (const [partition, count] of partitions) {
                expect(count, `commits of partition ${partition}`).to.equal(1);
              }
            }
          }
          // Each position has its result, and all results together were made from one set of runs.
          const runs = new Map<string, string>();
          for (let position = 0; position < job.node.partitionCount; position++) {
            const bytes = job.results[position];
            if (bytes === undefined) throw new Error(`result ${position} is missing`);
            for (const [what, run] of simulation.viewOf(bytes)) {
              expect(
                runs.get(what) ?? run,
                `two runs of map output ${what} in one result`,
              ).to.equal(run);
              runs.set(what, run);
            }
          }
        }
        for (const [id, count] of simulation.merges) {
          expect(count, `merges of stage and partition ${id}`).to.equal(1);
        }
        for (const [fault, count] of simulation.faults) {
          faults.set(fault, (faults.get(fault) ?? 0) + count);
        }
        simulation.runner.assertEmpty();
        expect(simulation.backend.stages.size, 'stages left on executors').to.equal(0);
        await simulation.runner.stop();
      }),
      { numRuns },
    );
    expect([...faults.keys()].sort()).to.deep.equal([
      'commits denied',
      'drains',
      'duplicates',
      'failures after the right to commit',
      'fetch failures',
      'host losses',
      'late words',
      'losses',
      'losses with outputs served',
      'task failures',
      'tasks given back',
    ]);
    // The test would prove nothing if everything failed, or nothing did.
    expect(succeeded).to.be.greaterThan(100);
    expect(failed).to.be.greaterThan(10);
  }).timeout(600_000);
});
