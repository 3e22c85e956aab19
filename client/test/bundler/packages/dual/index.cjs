exports.format = 'cjs';
