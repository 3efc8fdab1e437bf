/* A server with open62541: two variables, a method, users. usage: server PORT */
#include <open62541/plugin/accesscontrol_default.h>
#include <open62541/plugin/log_stdout.h>
#include <open62541/server.h>
#include <open62541/server_config_default.h>
#include <signal.h>
#include <stdlib.h>

static volatile UA_Boolean running = true;
static void on_signal(int number) {
  (void)number;
  running = false;
}

static UA_StatusCode open_valve(UA_Server *server, const UA_NodeId *session, void *session_context, const UA_NodeId *method, void *method_context,
                                const UA_NodeId *object, void *object_context, size_t in_size, const UA_Variant *in, size_t out_size, UA_Variant *out) {
  UA_Double reached = *(UA_Double *)in[0].data / 2;
  return UA_Variant_setScalarCopy(out, &reached, &UA_TYPES[UA_TYPES_DOUBLE]);
}

static void add_variable(UA_Server *server, char *name, void *value, const UA_DataType *type) {
  UA_VariableAttributes a = UA_VariableAttributes_default;
  UA_Variant_setScalar(&a.value, value, type);
  a.dataType = type->typeId;
  a.displayName = UA_LOCALIZEDTEXT("en", name);
  a.accessLevel = UA_ACCESSLEVELMASK_READ | UA_ACCESSLEVELMASK_WRITE;
  UA_Server_addVariableNode(server, UA_NODEID_STRING(1, name), UA_NODEID_NUMERIC(0, UA_NS0ID_OBJECTSFOLDER), UA_NODEID_NUMERIC(0, UA_NS0ID_ORGANIZES),
                            UA_QUALIFIEDNAME(1, name), UA_NODEID_NUMERIC(0, UA_NS0ID_BASEDATAVARIABLETYPE), a, NULL, NULL);
}

int main(int argc, char **argv) {
  signal(SIGTERM, on_signal);
  UA_Server *server = UA_Server_new();
  UA_ServerConfig *config = UA_Server_getConfig(server);
  UA_ServerConfig_setMinimal(config, (UA_UInt16)atoi(argv[argc - 1]), NULL);
  config->allowNonePolicyPassword = true;
  UA_UsernamePasswordLogin users[] = {{UA_STRING_STATIC("operator"), UA_STRING_STATIC("plain-password")}};
  UA_AccessControl_default(config, true, &config->securityPolicies[config->securityPoliciesSize - 1].policyUri, 1, users);
  UA_Double level = 12.75;
  UA_Int32 mode = 2;
  add_variable(server, "tank.level", &level, &UA_TYPES[UA_TYPES_DOUBLE]);
  add_variable(server, "tank.mode", &mode, &UA_TYPES[UA_TYPES_INT32]);
  UA_Argument in, out;
  UA_Argument_init(&in);
  in.name = UA_STRING("percent");
  in.dataType = UA_TYPES[UA_TYPES_DOUBLE].typeId;
  in.valueRank = UA_VALUERANK_SCALAR;
  out = in;
  out.name = UA_STRING("reached");
  UA_MethodAttributes m = UA_MethodAttributes_default;
  m.executable = m.userExecutable = true;
  m.displayName = UA_LOCALIZEDTEXT("en", "OpenValve");
  UA_Server_addMethodNode(server, UA_NODEID_NUMERIC(1, 62541), UA_NODEID_NUMERIC(0, UA_NS0ID_OBJECTSFOLDER), UA_NODEID_NUMERIC(0, UA_NS0ID_HASCOMPONENT),
                          UA_QUALIFIEDNAME(1, "OpenValve"), m, open_valve, 1, &in, 1, &out, NULL, NULL);
  UA_Server_run(server, &running);
  UA_Server_delete(server);
  return 0;
}
