// What an operator's station asks of bacnet_device.js, on @bacnet-js/client.
// usage: node bacnet_client.js CASE SERVER PORT
const lib = require('@bacnet-js/client');
const Client = lib.default;
const T = lib.ApplicationTag;
const [, , what, server, port] = process.argv;
const client = new Client({ port: Number(port), apduTimeout: 1500, broadcastAddress: '10.77.0.255' });
const to = { address: server + ':' + port };
const ANY = 0xffffffff;
const AI = { type: 0, instance: 1 }, AO = { type: 1, instance: 1 }, BI = { type: 3, instance: 1 }, BO = { type: 4, instance: 1 }, AV = { type: 2, instance: 1 },
  DEVICE = { type: 8, instance: 61 }, NC = { type: 15, instance: 1 }, FILE = { type: 10, instance: 1 }, LOG = { type: 20, instance: 1 };
const wait = ms => new Promise(r => setTimeout(r, ms));
const quietly = async promise => { try { await promise; } catch (e) { console.error(String(e)); } await wait(20); };
const real = value => [{ type: T.REAL, value }], state = value => [{ type: T.ENUMERATED, value }], text = value => [{ type: T.CHARACTER_STRING, value }];
const read = (id, property, options) => quietly(client.readProperty(to, id, property, options));
const write = (id, property, values, priority) => quietly(client.writeProperty(to, id, property, values, priority ? { priority } : {}));
client.on('error', e => console.error(e));
client.on('covNotify', c => { if (c.invokeId !== undefined) client.simpleAckResponse(c.header.sender, 1, c.invokeId); });

const cases = {
  async discovery() {
    client.whoIs();
    await wait(200);
    client.whoIs(to, { lowLimit: 60, highLimit: 70 });
    await wait(100);
    await quietly(client.readPropertyMultiple(to, [{ objectId: DEVICE, properties: [77, 121, 120, 70, 44, 12, 372, 58].map(id => ({ id, index: ANY })) }]));
    await read(DEVICE, 76);
    await read(DEVICE, 76, { arrayIndex: 0 });
    for (const id of [77, 121, 70, 44, 12, 372]) await read(DEVICE, id);
  },
  async values() {
    await read(AI, 85);
    await quietly(client.readPropertyMultiple(to, [{ objectId: AI, properties: [{ id: 85, index: ANY }, { id: 117, index: ANY }, { id: 111, index: ANY }, { id: 85, index: 7 }] },
      { objectId: BI, properties: [{ id: 8, index: ANY }] }, { objectId: BO, properties: [{ id: 85, index: ANY }, { id: 45, index: ANY }] }]));
    await write(AO, 85, real(55.5), 8);
    await write(BO, 85, state(1), 8);
    await write(BO, 85, [{ type: T.NULL, value: null }], 8);
    await write(AV, 85, real(21));
    await write(AV, 77, text('Soll \u00e4 \u20ac'));
    await write(AI, 81, [{ type: T.BOOLEAN, value: true }]);
    await write(AI, 45, real(35));
    await quietly(client.writePropertyMultiple(to, [{ objectId: AV, values: [{ property: { id: 85, index: ANY }, value: real(22), priority: 8 }] },
      { objectId: AO, values: [{ property: { id: 85, index: ANY }, value: real(0), priority: 1 }] }]));
  },
  async errors() {
    await read({ type: 0, instance: 99 }, 85);
    await read(AI, 999);
    await write(BI, 85, state(1));
    await write({ type: 5, instance: 7 }, 85, state(1), 16);
    await quietly(client.readFile(to, FILE, 0, 100));
    await quietly(client.readRange(to, LOG, 1, 10));
    await quietly(client.getAlarmSummary(to));
    await quietly(client.getEventInformation(to));
  },
  async subscriptions() {
    await quietly(client.subscribeCov(to, AI, 7, false, false, 60));
    await wait(100);
    await quietly(client.subscribeCov(to, AI, 7, false, true, 300));
    await wait(100);
    await quietly(client.subscribeCov(to, AI, 7, true, false, 0));
    await quietly(client.subscribeProperty(to, AI, { id: 85, index: ANY }, 8, false, false));
    client.unconfirmedCOVNotification(to, 7, 1, AV, 50, [{ property: { id: 85 }, value: real(3.5) }]);
    await wait(50);
  },
  async management() {
    await quietly(client.reinitializeDevice(to, 1, { password: 'hunter2' }));
    await quietly(client.reinitializeDevice(to, 0, { password: 'guess' }));
    await quietly(client.deviceCommunicationControl(to, 5, 1, { password: 'hunter2' }));
    await quietly(client.deviceCommunicationControl(to, 0, 0, { password: 'hunter2' }));
    client.timeSync(to, new Date(2026, 10, 22, 17, 30, 0));
    client.timeSyncUTC(to, new Date(Date.UTC(2026, 10, 22, 16, 30, 0)));
    await wait(50);
    await quietly(client.createObject(to, AV, [{ property: { id: 77, index: ANY }, value: text('new') }]));
    await quietly(client.deleteObject(to, AV));
    await quietly(client.addListElement(to, NC, { id: 102, index: ANY }, [{ type: T.UNSIGNED_INTEGER, value: 5 }]));
    await quietly(client.removeListElement(to, NC, { id: 102, index: ANY }, [{ type: T.UNSIGNED_INTEGER, value: 5 }]));
    await quietly(client.writeFile(to, FILE, 0, [[...Buffer.from('fan schedule')]]));
    await quietly(client.confirmedPrivateTransfer(to, 260, 3, [0x21, 0x07]));
    client.unconfirmedPrivateTransfer(to, 260, 4, [0x21, 0x08]);
    await wait(50);
    await quietly(client.acknowledgeAlarm(to, AI, 3, 'operator', { type: 1, value: 7 }, { type: 1, value: 8 }));
    await quietly(client.registerForeignDevice(to, 60));
  },
};
cases.odd_port = async () => { await cases.discovery(); await cases.values(); };
client.on('listening', async () => {
  try { await cases[what](); } catch (e) { console.error(e); }
  await wait(100);
  client.close();
  process.exit(0);
});
