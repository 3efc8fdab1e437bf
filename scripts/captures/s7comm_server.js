// A controller that is Snap7's server, with a few areas. usage: node s7comm_server.js ADDRESS [PORT]
const snap7 = require('node-snap7');

const server = new snap7.S7Server();
const db1 = Buffer.alloc(512);
db1.writeInt16BE(-1234, 0);
db1.writeInt32BE(123456789, 2);
db1.writeFloatBE(21.5, 6);
db1.write('pump station 7', 20);
server.RegisterArea(server.srvAreaDB, 1, db1);
server.RegisterArea(server.srvAreaDB, 7, Buffer.alloc(1024, 0x5a));
for (const area of [server.srvAreaPE, server.srvAreaPA, server.srvAreaMK]) server.RegisterArea(area, Buffer.alloc(128, 1));
for (const area of [server.srvAreaCT, server.srvAreaTM]) server.RegisterArea(area, Buffer.alloc(64, 0x12));
if (process.argv[3]) server.SetParam(server.LocalPort, Number(process.argv[3]));
if (!server.StartTo(process.argv[2])) {
  console.error(server.ErrorText(server.LastError()));
  process.exit(1);
}
setInterval(() => {}, 1000);
