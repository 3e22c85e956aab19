export const format = 'esm';
export default 'default of esm';
