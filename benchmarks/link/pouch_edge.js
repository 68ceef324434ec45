// node pouch_edge.js accept|drain MODULES DIR FEED|URL: store lines 100 at a time, or replicate.
const [, , mode, modules, dir, what] = process.argv;
const fs = require('fs');
const PouchDB = require(modules + '/pouchdb-node');
fs.mkdirSync(dir, { recursive: true });
const db = new PouchDB(dir + '/edge');
(async () => {
  if (mode === 'accept') {
    const docs = fs.readFileSync(what, 'utf8').trim().split('\n').map((line) => {
      const { id, ...rest } = JSON.parse(line);
      return { _id: id, ...rest };
    });
    for (let i = 0; i < docs.length; i += 100) await db.bulkDocs(docs.slice(i, i + 100));
  } else {
    for (;;) {
      try {
        await db.replicate.to(what, { batch_size: 500 });
        break;
      } catch (error) {
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    }
  }
  await db.close();
  process.exit(0);
})();
