// A client of OPC UA for the captures. usage: node opcua_client.js CASE URL FOLDER-for-its-certificates
const opcua = require('node-opcua');
const types = require('node-opcua-types');
const path = require('path');

const [what, url, folder] = process.argv.slice(2);
const T = opcua.DataType;
const A = opcua.AttributeIds;
const pause = (ms) => new Promise((r) => setTimeout(r, ms));
const id = (name) => `ns=1;s=Plant.${name}`;
const all = ['Running', 'Trim', 'Step', 'Offset', 'Count', 'Level', 'Batches', 'Total', 'Serial', 'Speed', 'Pressure', 'Recipe', 'Started', 'Device',
  'Blob', 'Link', 'State', 'Name', 'Quality'].map(id).concat(['ns=1;i=1000', 'ns=1;g=72962B91-FA75-4AE6-8D28-B404DC7DAF63', 'ns=1;b=TUkxMjM0', id('Temperature')]);

async function values(s) {
  await s.read(all.map((nodeId) => ({ nodeId, attributeId: A.Value })));
  await s.read({ nodeId: 'ns=1;i=1000', attributeId: A.Value, indexRange: new opcua.NumericRange('1:2') });
  await s.read([A.BrowseName, A.DisplayName, A.DataType, A.AccessLevel, A.NodeClass].map((attributeId) => ({ nodeId: id('Speed'), attributeId })));
  const write = (name, dataType, value) => ({ nodeId: id(name), attributeId: A.Value, value: { value: { dataType, arrayType: opcua.VariantArrayType.Scalar, value } } });
  await s.write([write('Speed', T.Float, 33.25), write('Running', T.Boolean, false), write('Recipe', T.String, 'Ibuprofen 400'),
    write('Total', T.Int64, [0, 9000])]);
  await s.write(write('Pressure', T.Double, 0.97));
  await s.read(all.slice(0, 3).map((nodeId) => ({ nodeId, attributeId: A.Value })), 500);
}

async function identity(s) {
  await s.read([2261, 2262, 2263, 2264, 2265, 2266].map((n) => ({ nodeId: `i=${n}`, attributeId: A.Value })));
  await s.read([2256, 2260, 2254, 2255, 2259, 2275].map((n) => ({ nodeId: `i=${n}`, attributeId: A.Value })));
}

async function browse(s) {
  await s.browse('RootFolder');
  await s.browse([{ nodeId: 'ns=1;s=Plant', resultMask: 63, includeSubtypes: true, browseDirection: 'Forward', referenceTypeId: 'HierarchicalReferences' },
    { nodeId: 'i=2253', resultMask: 63, browseDirection: 'Both' }]);
  s.requestedMaxReferencesPerNode = 5;
  const first = await s.browse({ nodeId: 'ns=1;s=Plant', resultMask: 63, includeSubtypes: true, browseDirection: 'Forward', referenceTypeId: 'HierarchicalReferences' });
  const next = await s.browseNext(first.continuationPoint, false);
  await s.browseNext(next.continuationPoint, true);
  await s.translateBrowsePath([opcua.makeBrowsePath('RootFolder', '/Objects/Server.ServerStatus.BuildInfo.ProductName'),
    opcua.makeBrowsePath('ObjectsFolder', '/1:Plant/1:Missing')]);
  const nodes = await s.registerNodes([id('Speed'), id('Level')]);
  await s.unregisterNodes(nodes);
}

async function methods(s) {
  const call = (methodId, inputArguments) => s.call({ objectId: 'ns=1;s=Plant', methodId, inputArguments });
  await call(id('StartBatch'), [{ dataType: T.String, value: 'Paracetamol 500' }, { dataType: T.UInt32, value: 2000 }]);
  await s.call([{ objectId: 'ns=1;s=Plant', methodId: id('Stop'), inputArguments: [] }, { objectId: 'i=2253', methodId: 'i=11492', inputArguments: [{ dataType: T.UInt32, value: 1 }] }]);
  await call(id('StartBatch'), [{ dataType: T.String, value: 'too few' }]);
  await call(id('NoSuchMethod'), []);
}

async function subscription(s) {
  const sub = await s.createSubscription2({ requestedPublishingInterval: 100, requestedLifetimeCount: 100, requestedMaxKeepAliveCount: 10,
    maxNotificationsPerPublish: 100, publishingEnabled: true, priority: 10 });
  const item = await sub.monitor({ nodeId: id('Speed'), attributeId: A.Value }, { samplingInterval: 100, queueSize: 5, discardOldest: true,
    filter: new opcua.DataChangeFilter({ trigger: opcua.DataChangeTrigger.StatusValue, deadbandType: opcua.DeadbandType.Absolute, deadbandValue: 0.5 }) },
    opcua.TimestampsToReturn.Both, opcua.MonitoringMode.Reporting);
  const group = await sub.monitorItems([{ nodeId: id('Level'), attributeId: A.Value }, { nodeId: id('Missing'), attributeId: A.Value }],
    { samplingInterval: 200, queueSize: 1, discardOldest: true }, opcua.TimestampsToReturn.Both);
  const filter = opcua.constructEventFilter(['EventType', 'SourceName', 'Time', 'Message', 'Severity'], opcua.ofType('BaseEventType'));
  await sub.monitor({ nodeId: 'i=2253', attributeId: A.EventNotifier }, { queueSize: 10, discardOldest: true, filter }, opcua.TimestampsToReturn.Neither);
  await pause(350);
  await s.call({ objectId: 'ns=1;s=Plant', methodId: id('StartBatch'), inputArguments: [{ dataType: T.String, value: 'A' }, { dataType: T.UInt32, value: 1 }] });
  await pause(250);
  await item.modify({ samplingInterval: 200, queueSize: 2, discardOldest: false });
  await item.setMonitoringMode(opcua.MonitoringMode.Sampling);
  await sub.modify({ requestedPublishingInterval: 200, priority: 20 });
  await sub.setPublishingMode(false);
  await sub.setPublishingMode(true);
  await pause(250);
  await s.performMessageTransaction(new opcua.SetTriggeringRequest({ subscriptionId: sub.subscriptionId, triggeringItemId: item.monitoredItemId,
    linksToAdd: [group.monitoredItems[0].monitoredItemId], linksToRemove: [] }));
  await s.performMessageTransaction(new opcua.RepublishRequest({ subscriptionId: sub.subscriptionId, retransmitSequenceNumber: 1 })).catch(() => {});
  await s.performMessageTransaction(new opcua.TransferSubscriptionsRequest({ subscriptionIds: [sub.subscriptionId, 99], sendInitialValues: true })).catch(() => {});
  await item.terminate();
  await sub.terminate();
}

async function history(s) {
  const start = new Date(Date.UTC(2026, 10, 22, 6)), end = new Date(Date.UTC(2026, 10, 22, 7));
  await s.readHistoryValue(id('Flow'), start, end, { numValuesPerNode: 10, returnBounds: true, timestampsToReturn: opcua.TimestampsToReturn.Both });
  await s.readAggregateValue({ nodeId: id('Flow') }, start, end, 600000, opcua.AggregateFunction.Average).catch(() => {});
  await s.readHistoryValue(id('Speed'), start, end).catch(() => {});
}

async function errors(s) {
  await s.read([{ nodeId: id('Missing'), attributeId: A.Value }, { nodeId: id('Speed'), attributeId: A.EventNotifier }, { nodeId: 'ns=77;i=1', attributeId: A.Value }]);
  await s.write({ nodeId: id('Locked'), attributeId: A.Value, value: { value: { dataType: T.Int32, value: 5 } } });
  await s.write([{ nodeId: id('Speed'), attributeId: A.Value, value: { value: { dataType: T.String, value: 'fast' } } },
    { nodeId: id('Level'), attributeId: A.Value, value: { value: { dataType: T.Int32, value: 5 } } }]);
  const raw = (r) => s.performMessageTransaction(r).catch(() => {});
  await raw(new opcua.ReadRequest({ nodesToRead: [] }));
  await raw(new types.QueryFirstRequest({ nodeTypes: [{ typeDefinitionNode: 'i=61', includeSubTypes: true, dataToReturn: [{ attributeId: 3 }] }], maxDataSetsToReturn: 5 }));
  await raw(new types.QueryNextRequest({ continuationPoint: Buffer.from('aa', 'hex') }));
  await raw(new types.CancelRequest({ requestHandle_: 3 }));
  await raw(new types.AddNodesRequest({ nodesToAdd: [{ parentNodeId: 'i=85', referenceTypeId: 'i=35', requestedNewNodeId: 'ns=1;s=New', browseName: 'New',
    nodeClass: opcua.NodeClass.Variable, typeDefinition: 'i=63',
    nodeAttributes: new types.VariableAttributes({ displayName: 'New', value: { dataType: T.Int32, value: 9 }, dataType: 'i=6' }) }] }));
  await raw(new types.AddReferencesRequest({ referencesToAdd: [{ sourceNodeId: 'i=85', referenceTypeId: 'i=35', isForward: true, targetNodeId: id('Speed'),
    targetNodeClass: opcua.NodeClass.Variable }] }));
  await raw(new types.DeleteReferencesRequest({ referencesToDelete: [{ sourceNodeId: 'i=85', referenceTypeId: 'i=35', isForward: true, targetNodeId: id('Speed') }] }));
  await raw(new types.DeleteNodesRequest({ nodesToDelete: [{ nodeId: id('Speed'), deleteTargetReferences: true }] }));
  await raw(new types.HistoryUpdateRequest({ historyUpdateDetails: [new types.DeleteRawModifiedDetails({ nodeId: id('Flow'),
    startTime: new Date(Date.UTC(2026, 10, 22, 6)), endTime: new Date(Date.UTC(2026, 10, 22, 7)) })] }));
  await raw(new types.DeleteSubscriptionsRequest({ subscriptionIds: [12345] }));
}

const cases = { values, identity, browse, methods, subscription, history, errors };
const secure = {
  sign: [opcua.MessageSecurityMode.Sign, opcua.SecurityPolicy.Basic256Sha256],
  encrypt: [opcua.MessageSecurityMode.SignAndEncrypt, opcua.SecurityPolicy.Aes128_Sha256_RsaOaep],
};

async function main() {
  const [securityMode, securityPolicy] = secure[what.replace('-renew', '')] ?? [opcua.MessageSecurityMode.None, opcua.SecurityPolicy.None];
  const client = opcua.OPCUAClient.create({
    applicationName: 'Workstation', clientName: 'shift-lead', endpointMustExist: false, securityMode, securityPolicy,
    defaultSecureTokenLifetime: what === 'renew' || what.endsWith('-renew') ? 2000 : 600000,
    connectionStrategy: { maxRetry: 1 }, keepSessionAlive: false,
    clientCertificateManager: new opcua.OPCUACertificateManager({ automaticallyAcceptUnknownCertificate: true, rootFolder: path.join(folder, 'client') }),
  });
  await client.connect(url);
  if (what === 'discovery') {
    await client.findServers();
    await client.getEndpoints();
    await client.findServersOnNetwork().catch(() => {});
    return client.disconnect();
  }
  if (what === 'wrong-password') {
    await client.createSession({ type: opcua.UserTokenType.UserName, userName: 'operator', password: 'guessed' }).catch(() => {});
    return client.disconnect();
  }
  const user = what.startsWith('sign') ? { type: opcua.UserTokenType.UserName, userName: 'operator', password: 'secret-of-the-operator' } : undefined;
  const session = await client.createSession(user);
  if (what === 'renew') {
    for (let i = 0; i < 6; ++i) {
      await session.read({ nodeId: id('Speed'), attributeId: A.Value });
      await pause(500);
    }
  } else if (secure[what]) {
    await values(session);
    await methods(session);
  } else {
    await cases[what](session);
  }
  await session.close();
  await client.disconnect();
}
main().then(() => process.exit(0), (e) => { console.error(e); process.exit(1); });
