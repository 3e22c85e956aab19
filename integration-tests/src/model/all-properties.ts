import { numberProperties } from './number-properties.js';
import { pairProperties } from './pair-properties.js';
import type { Property } from './property.js';
import { recordProperties } from './record-properties.js';

/** Every property of every operator, for each kind of data. */
export const allProperties: readonly Property[] = [
  ...recordProperties,
  ...pairProperties,
  ...numberProperties,
];
