// node pouch_hub.js MODULES PORT DIR: an express-pouchdb hub on leveldb.
const [, , modules, port, dir] = process.argv;
require('fs').mkdirSync(dir, { recursive: true });
process.chdir(dir);
const PouchDB = require(modules + '/pouchdb-node').defaults({ prefix: dir + '/' });
const app = require(modules + '/express')();
const options = { mode: 'minimumForPouchDB', overrideMode: { include: [] } };
app.use('/db', require(modules + '/express-pouchdb')(PouchDB, options));
app.listen(+port, '127.0.0.1', () => console.log('up'));
