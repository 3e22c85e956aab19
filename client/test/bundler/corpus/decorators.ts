import { cases } from './case.js';

function logged(method: (...args: any[]) => any, context: ClassMethodDecoratorContext): any {
  const name = String(context.name);
  return function (this: any, ...args: any[]) {
    return `${name}(${method.call(this, ...args)})`;
  };
}
function labelled(label: string) {
  return <C extends abstract new (...args: any[]) => object>(
    target: C,
    _context: ClassDecoratorContext<C>,
  ) => {
    Object.assign(target, { label });
  };
}
@labelled('service')
class Service {
  constructor(private readonly n: number) {}
  @logged
  run(x: number) {
    return this.n + x;
  }
}
const service = new Service(2);

export const corpus = cases(
  {
    name: 'a decorated method',
    roots: () => [(x: number) => service.run(x)],
    inputs: [[3]],
    expected: ['run(5)'],
  },
  {
    name: 'a decorated class',
    roots: () => [() => (Service as unknown as { label: string }).label],
    expected: ['service'],
  },
  {
    name: 'an instance of a decorated class, made in the task',
    roots: () => [() => new Service(1).run(1)],
    expected: ['run(2)'],
  },
);
