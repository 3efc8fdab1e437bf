// A server of OPC UA for the captures: variables of every type, methods, events, history.
// usage: node opcua_server.js ADDRESS PORT [FOLDER for its certificates]
const opcua = require('node-opcua');
const path = require('path');

const [address, port, folder] = process.argv.slice(2);

async function main() {
  const server = new opcua.OPCUAServer({
    port: Number(port), host: address, hostname: address, alternateHostname: [address],
    resourcePath: '/plant',
    buildInfo: {
      productUri: 'urn:example:plant-server', manufacturerName: 'Example Works', productName: 'Plant Server',
      softwareVersion: '4.2.1', buildNumber: '771', buildDate: new Date(Date.UTC(2026, 0, 15)),
    },
    serverInfo: { applicationUri: 'urn:example:plant', productUri: 'urn:example:plant-server', applicationName: { text: 'Plant' } },
    serverCertificateManager: new opcua.OPCUACertificateManager({
      automaticallyAcceptUnknownCertificate: true, rootFolder: path.join(folder, `pki-${port}`) }),
    securityPolicies: [opcua.SecurityPolicy.None, opcua.SecurityPolicy.Basic256Sha256, opcua.SecurityPolicy.Aes128_Sha256_RsaOaep],
    userManager: { isValidUser: (name, password) => name === 'operator' && password === 'secret-of-the-operator' },
    allowAnonymous: true,
  });
  await server.initialize();
  const space = server.engine.addressSpace;
  const own = space.getOwnNamespace();
  const plant = own.addObject({ organizedBy: space.rootFolder.objects, browseName: 'Plant', nodeId: 's=Plant', eventNotifier: 1, eventSourceOf: space.rootFolder.objects.server });
  const T = opcua.DataType;
  const variables = [
    ['Running', T.Boolean, true], ['Trim', T.SByte, -7], ['Step', T.Byte, 3], ['Offset', T.Int16, -1200], ['Count', T.UInt16, 1200],
    ['Level', T.Int32, -70000], ['Batches', T.UInt32, 70000], ['Total', T.Int64, [0xffffffff, 0xfffffffe]], ['Serial', T.UInt64, [1, 2]],
    ['Speed', T.Float, 21.5], ['Pressure', T.Double, 1.0132525], ['Recipe', T.String, 'Paracetamol 500'],
    ['Started', T.DateTime, new Date(Date.UTC(2026, 10, 22, 6, 30))], ['Device', T.Guid, '09087E75-8E5E-499B-954F-F2A9603DB28A'],
    ['Blob', T.ByteString, Buffer.from('0102030405', 'hex')], ['Link', T.NodeId, opcua.coerceNodeId('ns=1;s=Plant')],
    ['State', T.LocalizedText, { locale: 'en', text: 'in production' }], ['Name', T.QualifiedName, { namespaceIndex: 1, name: 'Mixer' }],
    ['Quality', T.StatusCode, opcua.StatusCodes.UncertainLastUsableValue],
  ];
  for (const [name, dataType, value] of variables) {
    own.addVariable({ componentOf: plant, browseName: name, nodeId: `s=Plant.${name}`, dataType,
      value: { dataType, arrayType: opcua.VariantArrayType.Scalar, value }, accessLevel: 'CurrentRead | CurrentWrite', userAccessLevel: 'CurrentRead | CurrentWrite' });
  }
  own.addVariable({ componentOf: plant, browseName: 'Profile', nodeId: 'i=1000', dataType: T.Double, valueRank: 1,
    value: { dataType: T.Double, arrayType: opcua.VariantArrayType.Array, value: new Float64Array([1, 2.5, -3]) } });
  own.addVariable({ componentOf: plant, browseName: 'Grid', nodeId: 'g=72962B91-FA75-4AE6-8D28-B404DC7DAF63', dataType: T.Int32, valueRank: 2, arrayDimensions: [2, 3],
    value: { dataType: T.Int32, arrayType: opcua.VariantArrayType.Matrix, dimensions: [2, 3], value: new Int32Array([1, 2, 3, 4, 5, 6]) } });
  own.addVariable({ componentOf: plant, browseName: 'Tags', nodeId: 'b=TUkxMjM0', dataType: T.String, valueRank: 1,
    value: { dataType: T.String, arrayType: opcua.VariantArrayType.Array, value: ['north', 'south'] } });
  own.addVariable({ componentOf: plant, browseName: 'Locked', nodeId: 's=Plant.Locked', dataType: T.Int32, value: { dataType: T.Int32, value: 1 },
    accessLevel: 'CurrentRead', userAccessLevel: 'CurrentRead' });
  own.addAnalogDataItem({ componentOf: plant, browseName: 'Temperature', nodeId: 's=Plant.Temperature', dataType: T.Double,
    engineeringUnitsRange: { low: -50, high: 200 }, engineeringUnits: opcua.standardUnits.degree_celsius, value: { dataType: T.Double, value: 37.2 } });
  const start = own.addMethod(plant, { browseName: 'StartBatch', nodeId: 's=Plant.StartBatch',
    inputArguments: [{ name: 'recipe', dataType: T.String }, { name: 'liters', dataType: T.UInt32 }],
    outputArguments: [{ name: 'batch', dataType: T.UInt32 }] });
  start.bindMethod((inputs, context, done) => {
    plant.raiseEvent('BaseEventType', { message: { dataType: T.LocalizedText, value: { text: `batch of ${inputs[0].value} started` } }, severity: { dataType: T.UInt16, value: 300 } });
    done(null, { statusCode: opcua.StatusCodes.Good, outputArguments: [{ dataType: T.UInt32, value: 4711 }] });
  });
  const stop = own.addMethod(plant, { browseName: 'Stop', nodeId: 's=Plant.Stop', inputArguments: [], outputArguments: [] });
  stop.bindMethod((inputs, context, done) => done(null, { statusCode: opcua.StatusCodes.Good, outputArguments: [] }));
  const history = own.addVariable({ componentOf: plant, browseName: 'Flow', nodeId: 's=Plant.Flow', dataType: T.Double, value: { dataType: T.Double, value: 0 } });
  space.installHistoricalDataNode(history);
  for (let i = 0; i < 5; ++i) {
    history.setValueFromSource({ dataType: T.Double, value: i + 0.5 }, opcua.StatusCodes.Good, new Date(Date.UTC(2026, 10, 22, 6, i)));
    await new Promise((r) => setTimeout(r, 20));
  }
  let tick = 0;
  setInterval(() => space.findNode('ns=1;s=Plant.Speed').setValueFromSource({ dataType: T.Float, value: 21.5 + (++tick % 8) }), 100);
  await server.start();
}
main().catch((e) => { console.error(e); process.exit(1); });
