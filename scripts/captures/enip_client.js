// What st-ethernet-ip does to a controller. usage: node enip_client.js CASE ADDRESS
// Nothing it is refused ends it: refusals are a part of the captures.
const { Controller, Tag, TagGroup, EthernetIP, Browser, IO } = require('st-ethernet-ip');
const [what, address] = process.argv.slice(2);
const { DINT, REAL, INT } = EthernetIP.CIP.DataTypes.Types;
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const tried = async (f) => { try { await f(); } catch (e) { console.log('refused:', e.generalStatusCode ?? e); } };

async function controller(connected) {
  const plc = new Controller(connected);
  plc.timeout_sp = 1000;
  await plc.connect(address, 0);
  console.log(plc.properties.name, plc.state.tagList.tags.map((t) => t.name).join(' '));
  const level = new Tag('Level', null, REAL), count = new Tag('Count', null, DINT), recipe = new Tag('Recipe', 'Main', INT);
  for (const tag of [level, count, recipe, new Tag('Speeds[3]', null, DINT), new Tag('Running')]) await tried(() => plc.readTag(tag));
  await tried(() => plc.readTag(new Tag('Speeds', null, DINT, 0, 1, 10), 10));
  await tried(() => plc.readTag(new Tag('Long', null, DINT, 0, 1, 300), 300));
  await tried(() => plc.readTag(plc.newTag('Pump', null, false)));
  level.value = 73.25;
  await tried(() => plc.writeTag(level));
  count.value = 1000;
  await tried(() => plc.writeTag(count));
  const group = new TagGroup();
  for (const tag of [level, count, recipe]) group.add(tag);
  await tried(() => plc.readTagGroup(group));
  recipe.value = 18;
  count.value = 1001;
  await tried(() => plc.writeTagGroup(group));
  await tried(() => plc.readTag(new Tag('Nothing', null, DINT)));
  await tried(() => plc.getAttributeSingle(0x01, 1, 7));
  await tried(() => plc.getAttributeSingle(0xf5, 1, 5));
  await tried(() => plc.getAttributeSingle(0x01, 1, 99));
  await tried(() => plc.setAttributeSingle(0xf5, 1, 3, Buffer.from([2, 0, 0, 0])));
  await tried(() => plc.getFileData(0x37, 200, 0));
  await tried(() => plc.disconnect());
}

const cases = {
  connected: () => controller(true),
  unconnected: () => controller(false),
  async browse() {
    const browser = new Browser(51687, '0.0.0.0', true, 300);
    browser.on('New Device', (d) => console.log(d.EncapsulationVersion, d.productName));
    await wait(1000);
  },
  async io() {
    const scanner = new IO.Scanner(2222);
    const config = { configInstance: { assembly: 100, size: 0 }, outputInstance: { assembly: 102, size: 6 }, inputInstance: { assembly: 101, size: 6 } };
    const conn = scanner.addConnection(config, 20, address);
    conn.on('connected', () => { conn.addOutputBit(4, 0, 'valve'); conn.setValue('valve', true); });
    await wait(2500);
    conn.run = false;
    await tried(() => conn.tcpController.disconnect());
    await wait(200);
  },
};
cases[what]().then(() => process.exit(0), (e) => { console.log(e); process.exit(1); });
