/* A client with open62541. usage: client URL */
#include <open62541/client_config_default.h>
#include <open62541/client_highlevel.h>
#include <open62541/client_subscriptions.h>

static void on_change(UA_Client *client, UA_UInt32 sub, void *sub_context, UA_UInt32 item, void *item_context, UA_DataValue *value) {}

int main(int argc, char **argv) {
  const char *url = argv[argc - 1];
  UA_Client *client = UA_Client_new();
  UA_ClientConfig_setDefault(UA_Client_getConfig(client));
  size_t n = 0;
  UA_EndpointDescription *endpoints = NULL;
  UA_Client_getEndpoints(client, url, &n, &endpoints);
  UA_Client_connectUsername(client, url, "operator", "plain-password");
  UA_Variant v;
  UA_Variant_init(&v);
  UA_Client_readValueAttribute(client, UA_NODEID_STRING(1, "tank.level"), &v);
  UA_Client_readValueAttribute(client, UA_NODEID_STRING(1, "no.such.node"), &v);
  UA_Double level = 80.5;
  UA_Variant_setScalar(&v, &level, &UA_TYPES[UA_TYPES_DOUBLE]);
  UA_Client_writeValueAttribute(client, UA_NODEID_STRING(1, "tank.level"), &v);
  UA_BrowseRequest browse;
  UA_BrowseRequest_init(&browse);
  UA_BrowseDescription from;
  UA_BrowseDescription_init(&from);
  from.nodeId = UA_NODEID_NUMERIC(0, UA_NS0ID_OBJECTSFOLDER);
  from.resultMask = UA_BROWSERESULTMASK_ALL;
  browse.nodesToBrowse = &from;
  browse.nodesToBrowseSize = 1;
  UA_Client_Service_browse(client, browse);
  UA_Variant in;
  UA_Double percent = 40;
  UA_Variant_setScalar(&in, &percent, &UA_TYPES[UA_TYPES_DOUBLE]);
  size_t out_size = 0;
  UA_Variant *out = NULL;
  UA_Client_call(client, UA_NODEID_NUMERIC(0, UA_NS0ID_OBJECTSFOLDER), UA_NODEID_NUMERIC(1, 62541), 1, &in, &out_size, &out);
  UA_CreateSubscriptionRequest want = UA_CreateSubscriptionRequest_default();
  want.requestedPublishingInterval = 100;
  UA_CreateSubscriptionResponse sub = UA_Client_Subscriptions_create(client, want, NULL, NULL, NULL);
  UA_MonitoredItemCreateRequest item = UA_MonitoredItemCreateRequest_default(UA_NODEID_STRING(1, "tank.level"));
  UA_Client_MonitoredItems_createDataChange(client, sub.subscriptionId, UA_TIMESTAMPSTORETURN_BOTH, item, NULL, on_change, NULL);
  UA_Client_run_iterate(client, 150);
  UA_Client_writeValueAttribute(client, UA_NODEID_STRING(1, "tank.level"), &v);
  UA_Client_run_iterate(client, 250);
  UA_Client_Subscriptions_deleteSingle(client, sub.subscriptionId);
  UA_VariableAttributes a = UA_VariableAttributes_default;
  UA_Int32 number = 7;
  UA_Variant_setScalar(&a.value, &number, &UA_TYPES[UA_TYPES_INT32]);
  a.displayName = UA_LOCALIZEDTEXT("en", "added");
  UA_Client_addVariableNode(client, UA_NODEID_STRING(1, "added"), UA_NODEID_NUMERIC(0, UA_NS0ID_OBJECTSFOLDER), UA_NODEID_NUMERIC(0, UA_NS0ID_ORGANIZES),
                            UA_QUALIFIEDNAME(1, "added"), UA_NODEID_NUMERIC(0, UA_NS0ID_BASEDATAVARIABLETYPE), a, NULL);
  UA_Client_addReference(client, UA_NODEID_STRING(1, "added"), UA_NODEID_NUMERIC(0, UA_NS0ID_ORGANIZES), true, UA_STRING_NULL,
                         UA_EXPANDEDNODEID_STRING(1, "tank.mode"), UA_NODECLASS_VARIABLE);
  UA_Client_deleteReference(client, UA_NODEID_STRING(1, "added"), UA_NODEID_NUMERIC(0, UA_NS0ID_ORGANIZES), true, UA_EXPANDEDNODEID_STRING(1, "tank.mode"), true);
  UA_Client_deleteNode(client, UA_NODEID_STRING(1, "added"), true);
  UA_Client_disconnect(client);
  UA_Client_delete(client);
  return 0;
}
