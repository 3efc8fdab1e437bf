// A BACnet/IP device: an air handling unit with a few objects, on @bacnet-js/client.
// usage: node bacnet_device.js PORT
const lib = require('@bacnet-js/client');
const Client = lib.default;
const T = lib.ApplicationTag;
const device = new Client({ port: Number(process.argv[2]), apduTimeout: 4000, broadcastAddress: '10.77.0.255' });
const ME = 61, VENDOR = 260;

const text = value => [{ type: T.CHARACTER_STRING, value }];
const objects = {
  '8:61': {
    75: [{ type: T.OBJECTIDENTIFIER, value: { type: 8, instance: ME } }], 77: text('AHU-61'), 79: [{ type: T.ENUMERATED, value: 8 }],
    112: [{ type: T.ENUMERATED, value: 0 }], 121: text('Nordic Controls'), 120: [{ type: T.UNSIGNED_INTEGER, value: VENDOR }],
    70: text('AHU-C200'), 44: text('3.4.1'), 12: text('2026.11'), 372: text('NC-00061'), 58: text('Hall 4, roof'),
    28: text('Air handling unit'), 98: [{ type: T.UNSIGNED_INTEGER, value: 1 }], 139: [{ type: T.UNSIGNED_INTEGER, value: 22 }],
    62: [{ type: T.UNSIGNED_INTEGER, value: 1476 }], 107: [{ type: T.ENUMERATED, value: 0 }],
    76: [[8, 61], [0, 1], [1, 1], [3, 1], [4, 1], [2, 1], [15, 1]].map(([type, instance]) =>
      ({ type: T.OBJECTIDENTIFIER, value: { type, instance } })),
  },
  '0:1': { 77: text('Supply air'), 85: [{ type: T.REAL, value: 18.25 }], 117: [{ type: T.ENUMERATED, value: 62 }],
    111: [{ type: T.BIT_STRING, value: { bitsUsed: 4, value: [0] } }], 36: [{ type: T.ENUMERATED, value: 0 }],
    81: [{ type: T.BOOLEAN, value: false }], 103: [{ type: T.ENUMERATED, value: 0 }] },
  '1:1': { 77: text('Heating valve'), 85: [{ type: T.REAL, value: 40 }], 117: [{ type: T.ENUMERATED, value: 98 }] },
  '3:1': { 77: text('Frost'), 85: [{ type: T.ENUMERATED, value: 0 }], 84: [{ type: T.ENUMERATED, value: 0 }] },
  '4:1': { 77: text('Fan'), 85: [{ type: T.ENUMERATED, value: 1 }] },
  '2:1': { 77: text('Set point'), 85: [{ type: T.REAL, value: 20.5 }] },
};
const key = id => id.type + ':' + id.instance;
const OBJECT = 1, PROPERTY = 2, SERVICES = 5, SECURITY = 4;

device.on('error', e => console.error(e));
device.on('whoIs', c => {
  const { lowLimit = 0, highLimit = 4194303 } = c.payload || {};
  if (lowLimit <= ME && ME <= highLimit) device.iAmResponse(c.header.sender, ME, 0, VENDOR);
});
device.on('whoHas', c => device.iHaveResponse(c.header.sender, { type: 8, instance: ME }, { type: 0, instance: 1 }, 'Supply air'));
device.on('readProperty', c => {
  const { objectId, property } = c.payload;
  const object = objects[key(objectId)];
  const value = object && object[property.id];
  if (!object) device.errorResponse(c.header.sender, 12, c.invokeId, OBJECT, 31);
  else if (!value) device.errorResponse(c.header.sender, 12, c.invokeId, PROPERTY, 32);
  else device.readPropertyResponse(c.header.sender, c.invokeId, objectId, property, value);
});
device.on('readPropertyMultiple', c => {
  const values = c.payload.properties.map(p => ({
    objectId: p.objectId,
    values: p.properties.flatMap(x => x.id === 8 ? Object.keys(objects[key(p.objectId)]).map(id => ({ id: Number(id), index: 0xffffffff })) : [x])
      .map(x => ({
        property: x,
        value: (objects[key(p.objectId)] || {})[x.id] || [{ type: T.ERROR, value: { type: 'BacnetError', errorClass: PROPERTY, errorCode: 32 } }],
      })),
  }));
  device.readPropertyMultipleResponse(c.header.sender, c.invokeId, values);
});
device.on('writeProperty', c => {
  const { objectId, value } = c.payload;
  const object = objects[key(objectId)];
  if (!object) return device.errorResponse(c.header.sender, 15, c.invokeId, OBJECT, 31);
  if (objectId.type === 3) return device.errorResponse(c.header.sender, 15, c.invokeId, PROPERTY, 40);
  device.simpleAckResponse(c.header.sender, 15, c.invokeId);
});
const PASSWORD = 'hunter2';
const protect = (service, name) => device.on(name, c => {
  if (c.payload.password === PASSWORD) device.simpleAckResponse(c.header.sender, service, c.invokeId);
  else device.errorResponse(c.header.sender, service, c.invokeId, SECURITY, 26);
});
protect(20, 'reinitializeDevice');
protect(17, 'deviceCommunicationControl');
for (const [name, service] of [['writePropertyMultiple', 16], ['subscribeProperty', 28], ['alarmAcknowledge', 0], ['createObject', 10], ['deleteObject', 11],
  ['addListElement', 8], ['removeListElement', 9], ['lifeSafetyOperation', 27], ['privateTransfer', 18]])
  device.on(name, c => device.simpleAckResponse(c.header.sender, service, c.invokeId));
device.on('subscribeCov', c => {
  device.simpleAckResponse(c.header.sender, 5, c.invokeId);
  const p = c.payload;
  if (p.cancellationRequest) return;
  const values = [{ property: { id: 85 }, value: objects['0:1'][85] }, { property: { id: 111 }, value: objects['0:1'][111] }];
  if (p.issueConfirmedNotifications)
    device.confirmedCOVNotification(c.header.sender, p.monitoredObjectId, p.subscriberProcessId, ME, p.lifetime, values).catch(() => {});
  else device.unconfirmedCOVNotification(c.header.sender, p.subscriberProcessId, ME, p.monitoredObjectId, p.lifetime, values);
});
device.on('registerForeignDevice', c => device.resultResponse(c.header.sender, 0));
device.on('unhandledEvent', c => {
  if (c.invokeId !== undefined) device.errorResponse(c.header.sender, c.service, c.invokeId, SERVICES, 45);
});
