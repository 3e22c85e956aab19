const { join } = require('node:path');
exports.folder = () => join(__dirname, 'build');
