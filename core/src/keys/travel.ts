import { registerErrorClasses, registerValueType } from '../codec/value/engine-types.js';
import { KeyNotHashableError } from './errors.js';
import { KeyMap } from './key-map.js';

// A map that an action returned may be captured by a function, and a task's error must arrive on the
// driver as what it was.
registerErrorClasses(KeyNotHashableError);
registerValueType<KeyMap<unknown, unknown>>({
  name: 'KeyMap',
  class: KeyMap,
  create: () => new KeyMap(),
  save: (map) => [...map].flat(1),
  restore: (map, saved) => {
    KeyMap.fill(map, saved as readonly unknown[]);
  },
});
