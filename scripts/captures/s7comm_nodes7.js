// What NodeS7, another client, reads and writes. usage: node s7comm_nodes7.js ADDRESS
const NodeS7 = require('nodes7');
const plc = new NodeS7({ silent: true });
const tags = { level: 'DB1,REAL6', text: 'DB1,CHAR20.14', count: 'DB1,DINT2', pump: 'DB1,X40.3', word: 'MW10', input: 'I0.2', timer: 'T2', counter: 'C1' };
plc.initiateConnection({ port: 102, host: process.argv[2], rack: 0, slot: 1, debug: false }, (err) => {
  if (err) throw err;
  plc.setTranslationCB((tag) => tags[tag]);
  plc.addItems(Object.keys(tags));
  plc.readAllItems(() => {
    plc.writeItems(['level', 'pump', 'word'], [3.5, true, 4711], () => {
      plc.readAllItems(() => plc.dropConnection(() => process.exit(0)));
    });
  });
});
