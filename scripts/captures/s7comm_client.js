// What Snap7's client does to a controller. usage: node s7comm_client.js CASE ADDRESS [PORT]
// Nothing it is refused ends it: refusals are a part of the captures.
const snap7 = require('node-snap7');
const [what, address, port] = process.argv.slice(2);
const c = new snap7.S7Client();
if (port) c.SetParam(c.RemotePort, Number(port));
c.SetParam(c.PingTimeout, 2000);

const item = (Area, WordLen, DBNumber, Start, Amount, Data) => ({ Area, WordLen, DBNumber, Start, Amount, Data });
const cases = {
  variables() {
    c.DBRead(1, 0, 64);
    c.ReadArea(c.S7AreaDB, 1, 16, 1, c.S7WLBit);
    c.ReadArea(c.S7AreaDB, 1, 0, 4, c.S7WLWord);
    c.ReadArea(c.S7AreaDB, 1, 6, 1, c.S7WLReal);
    c.EBRead(0, 8);
    c.ABRead(0, 8);
    c.MBRead(10, 4);
    c.TMRead(0, 3);
    c.CTRead(1, 2);
    c.ReadMultiVars([
      item(c.S7AreaDB, c.S7WLReal, 1, 6, 1), item(c.S7AreaDB, c.S7WLByte, 1, 20, 14), item(c.S7AreaMK, c.S7WLWord, 0, 4, 2),
      item(c.S7AreaPE, c.S7WLBit, 0, 3, 1), item(c.S7AreaTM, c.S7WLTimer, 0, 1, 1), item(c.S7AreaDB, c.S7WLDWord, 1, 2, 1),
    ]);
    c.DBWrite(1, 100, 4, Buffer.from('cafebabe', 'hex'));
    const real = Buffer.alloc(4);
    real.writeFloatBE(73.25);
    c.WriteArea(c.S7AreaDB, 1, 104, 1, c.S7WLReal, real);
    c.WriteArea(c.S7AreaMK, 0, 83, 1, c.S7WLBit, Buffer.from([1]));
    c.ABWrite(4, 2, Buffer.from([0xff, 0x0f]));
    c.WriteMultiVars([
      item(c.S7AreaDB, c.S7WLWord, 1, 110, 2, Buffer.from([0x12, 0x34, 0x56, 0x78])),
      item(c.S7AreaMK, c.S7WLByte, 0, 20, 3, Buffer.from([1, 2, 3])), item(c.S7AreaDB, c.S7WLBit, 1, 960, 1, Buffer.from([1])),
    ]);
    c.DBRead(7, 0, 1024);  // in as many pieces as the PDU length asks for
  },
  errors() {
    c.DBRead(99, 0, 10);
    c.DBRead(1, 510, 20);
    c.ReadMultiVars([item(c.S7AreaDB, c.S7WLByte, 1, 0, 4), item(c.S7AreaDB, c.S7WLByte, 99, 0, 4), item(c.S7AreaDB, c.S7WLByte, 1, 600, 4)]);
    c.DBWrite(98, 0, 2, Buffer.from([1, 2]));
    c.Upload(c.Block_DB, 1, 1024);
    c.Delete(c.Block_DB, 1);
    c.ReadSZL(0x0fff, 0);
    c.GetAgBlockInfo(c.Block_DB, 77);
  },
  identity() {
    c.GetOrderCode();
    c.GetCpuInfo();
    c.GetCpInfo();
    c.GetProtection();
    c.PlcStatus();
    c.ReadSZLList();
    for (const [id, index] of [[0x0011, 0], [0x0012, 0], [0x0013, 0], [0x0074, 0], [0x00a0, 0], [0x0132, 4], [0x0191, 0]]) c.ReadSZL(id, index);
  },
  blocks() {
    c.ListBlocks();
    c.ListBlocksOfType(c.Block_DB);
    c.ListBlocksOfType(c.Block_OB);
    c.GetAgBlockInfo(c.Block_DB, 1);
    c.FullUpload(c.Block_DB, 1, 1024);
    const block = Buffer.alloc(120);  // header, four words, and its end
    block.write('7070010105 0a 0001 00000078 00000000 02b2f1a0 3a11 02b2f1a0 3a11 0000 0000 0000 0008'.replace(/ /g, ''), 'hex');
    c.Download(1, block);
    c.Delete(c.Block_DB, 1);
  },
  control() {
    c.PlcStatus();
    c.PlcStop();
    c.PlcStatus();
    c.PlcHotStart();
    c.PlcStop();
    c.PlcColdStart();
    c.CopyRamToRom(2000);
    c.Compress(2000);
  },
  clock_and_password() {
    c.GetPlcDateTime();
    c.SetPlcDateTime(new Date(2026, 10, 22, 10, 45, 7));
    c.SetSessionPassword('hall3');
    c.ClearSessionPassword();
  },
};
if (!c.ConnectTo(address, 0, 2)) console.error(c.ErrorText(c.LastError()));
cases[what]();
c.Disconnect();
process.exit(0);
